import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { createPool, type Pool, type PoolConnection, type RowDataPacket } from 'mysql2/promise';
import type { ConfigOf } from '../config/index.js';
import { connectionOptions } from './data-source-options.js';
import { databaseConfig } from './database.config.js';
import { READ_COMMITTED, retryLockConflicts } from './transactions.js';

export interface Statement {
  /** One statement, with `?` for each of its values. */
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** A transaction of two round trips: one that reads and locks, one that writes and commits. */
export interface BatchTransaction {
  /** Begins the transaction and runs statements that give rows. @returns the rows of each. */
  begin(statements: readonly Statement[]): Promise<Record<string, unknown>[][]>;
  /** Runs two or more further statements that give rows: one more round trip. @returns the rows of each. */
  read(statements: readonly [Statement, Statement, ...Statement[]]): Promise<Record<string, unknown>[][]>;
  /** Runs statements and commits. */
  commit(statements: readonly Statement[]): Promise<void>;
}

/**
 * Short transactions in as few round trips as can be, for where the time between two statements is time that
 * others wait for a lock. They run on a pool of their own: only its connections take several statements at once,
 * which makes an injection worse where there is one. So the statements come from constants, their values from `?`.
 */
@Injectable()
export class BatchTransactions implements OnApplicationShutdown {
  private readonly pool: Pool;

  constructor(@Inject(databaseConfig.token) config: ConfigOf<typeof databaseConfig>) {
    // Without `trace` the driver does not take a stack at each query in case that it fails.
    this.pool = createPool({ ...connectionOptions(config), multipleStatements: true, trace: false });
    this.pool.pool.on('connection', (connection) => {
      connection.query(READ_COMMITTED);
    });
  }

  /**
   * Runs `body` in one READ COMMITTED transaction. A lock conflict rolls everything back and runs `body` again, as
   * `Transactions.run` does; so `body` must have no effect outside the transaction.
   * @throws what `body` throws, or the last conflict.
   */
  run<T>(body: (transaction: BatchTransaction) => Promise<T>): Promise<T> {
    return retryLockConflicts(async () => {
      const connection = await this.pool.getConnection();
      try {
        const result = await body(transactionOn(connection));
        connection.release();
        return result;
      } catch (error) {
        await rollBack(connection);
        throw error;
      }
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}

function transactionOn(connection: PoolConnection): BatchTransaction {
  const send = async (statements: readonly Statement[]) => {
    const sql = statements.map((statement) => statement.sql).join(';');
    const values = statements.flatMap((statement) => statement.values);
    const [results] = await connection.query(sql, values);
    return results;
  };
  return {
    begin: async (statements) => {
      const results = await send([BEGIN, ...statements]);
      return (results as RowDataPacket[][]).slice(1);
    },
    read: async (statements) => (await send(statements)) as RowDataPacket[][],
    commit: async (statements) => {
      await send([...statements, COMMIT]);
    },
  };
}

const BEGIN: Statement = { sql: 'START TRANSACTION', values: [] };
const COMMIT: Statement = { sql: 'COMMIT', values: [] };

/** A connection that cannot even do that is closed; the server then rolls back. */
async function rollBack(connection: PoolConnection): Promise<void> {
  try {
    await connection.query('ROLLBACK');
    connection.release();
  } catch {
    connection.destroy();
  }
}

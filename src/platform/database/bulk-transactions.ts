import { Readable } from 'node:stream';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import {
  createPool,
  type Pool,
  type PoolConnection,
  type ResultSetHeader,
  type RowDataPacket,
} from 'mysql2/promise';
import type { ConfigOf } from '../config/index.js';
import { type BulkRow, encodeRows, sizeOfRow } from './bulk-rows.js';
import { connectionOptions } from './data-source-options.js';
import { databaseConfig } from './database.config.js';
import { isLoadRefused } from './database-errors.js';
import { READ_COMMITTED, retryLockConflicts } from './transactions.js';

/** Where rows go. Both names come from constants. */
export interface BulkTable {
  readonly name: string;
  readonly columns: readonly string[];
}

/** How rows get to the server: as a stream (`LOAD DATA LOCAL`), or in statements with many `VALUES`. */
export type BulkPath = 'load' | 'values';

/** The server took a stream of rows, but not as they are: some were skipped, or changed to fit. */
export class RowsAlteredError extends Error {
  override readonly name = 'RowsAlteredError';
}

/** The server does not allow `LOAD DATA LOCAL`. */
export class LoadRefusedError extends Error {
  override readonly name = 'LoadRefusedError';
}

/** A transaction that inserts many rows. */
export interface BulkTransaction {
  /** @returns the rows of a statement that gives some. */
  select(sql: string, values: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Runs a statement that changes rows. @returns how many. */
  change(sql: string, values: readonly unknown[]): Promise<number>;
  /**
   * Inserts rows in the fastest way that the server offers, or in the one given.
   * @throws the server's refusal of a row, or RowsAlteredError; then roll back.
   */
  insertRows(table: BulkTable, rows: readonly BulkRow[], path?: BulkPath): Promise<void>;
  /**
   * Inserts rows that are written already as `encodeRows` writes them, without looking at them.
   * @param rowCount how many they must be
   * @throws LoadRefusedError if the server does not allow it; RowsAlteredError or the server's refusal of a row, as
   *   `insertRows`. Then roll back.
   */
  loadTexts(table: BulkTable, texts: readonly string[], rowCount: number): Promise<void>;
}

/** A connection that its user has alone, without a transaction around it: for locks and changes of tables. */
export interface BulkSession {
  query(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
}

interface ServerLimits {
  path: BulkPath;
  readonly maxStatementBytes: number;
}

const ROWS_PER_STATEMENT = 1_000;
/** Beyond this, larger statements are not faster. */
const MAX_STATEMENT_BYTES = 4 * 1024 * 1024;
const STREAM_CHUNK_CHARACTERS = 256 * 1024;
/** Without it the server would alter values that do not fit, instead of refusing them. */
const STRICT = `SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'`;

/**
 * Transactions for rows by the thousand, on connections of their own, which are opened when they are first needed.
 * `LOAD DATA LOCAL` is the fastest path that MySQL and MariaDB have in common, but a server can forbid it, and
 * then it is found out once.
 */
@Injectable()
export class BulkTransactions implements OnApplicationShutdown {
  private readonly logger = new Logger('Database');
  private readonly pool: Pool;
  private limits: ServerLimits | undefined;

  constructor(@Inject(databaseConfig.token) config: ConfigOf<typeof databaseConfig>) {
    this.pool = createPool({ ...connectionOptions(config), trace: false });
    this.pool.pool.on('connection', (connection) => {
      connection.query(READ_COMMITTED);
      connection.query(STRICT);
    });
  }

  /**
   * Runs `body` in one READ COMMITTED transaction in strict mode. A lock conflict rolls everything back and runs
   * `body` again; so `body` must have no effect outside the transaction.
   * @throws what `body` throws, or the last conflict.
   */
  run<T>(body: (transaction: BulkTransaction) => Promise<T>): Promise<T> {
    return retryLockConflicts(async () => {
      const connection = await this.pool.getConnection();
      try {
        const limits = await this.limitsOf(connection);
        await connection.query('START TRANSACTION');
        const result = await body(this.transactionOn(connection, limits));
        await connection.query('COMMIT');
        connection.release();
        return result;
      } catch (error) {
        await rollBack(connection);
        throw error;
      }
    });
  }

  /** Gives `body` a connection and closes it afterwards, so that no lock of its outlives it. */
  async session<T>(body: (session: BulkSession) => Promise<T>): Promise<T> {
    const connection = await this.pool.getConnection();
    try {
      return await body({
        query: async (sql, values = []) => (await connection.query<RowDataPacket[]>(sql, [...values]))[0],
      });
    } finally {
      connection.destroy();
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  private async limitsOf(connection: PoolConnection): Promise<ServerLimits> {
    if (this.limits) return this.limits;
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT @@local_infile AS may_load, @@max_allowed_packet AS max_packet',
    );
    const row: Record<string, unknown> = rows[0] ?? {};
    this.limits = {
      path: Number(row['may_load']) === 1 ? 'load' : 'values',
      // Escapes can double a text.
      maxStatementBytes: Math.min(MAX_STATEMENT_BYTES, Math.floor(Number(row['max_packet']) / 2)),
    };
    return this.limits;
  }

  private transactionOn(connection: PoolConnection, limits: ServerLimits): BulkTransaction {
    return {
      select: async (sql, values) => (await connection.query<RowDataPacket[]>(sql, [...values]))[0],
      change: async (sql, values) => {
        const [result] = await connection.query<ResultSetHeader>(sql, [...values]);
        return result.affectedRows;
      },
      insertRows: async (table, rows, path = limits.path) => {
        if (rows.length === 0) return;
        if (path === 'values') return insertValues(connection, limits, table, rows);
        try {
          await loadTexts(connection, table, [encodeRows(rows)], rows.length);
        } catch (error) {
          if (!isLoadRefused(error)) throw error;
          this.forgetLoading(limits);
          await insertValues(connection, limits, table, rows);
        }
      },
      loadTexts: async (table, texts, rowCount) => {
        if (limits.path === 'values') throw new LoadRefusedError();
        try {
          await loadTexts(connection, table, texts, rowCount);
        } catch (error) {
          if (!isLoadRefused(error)) throw error;
          this.forgetLoading(limits);
          throw new LoadRefusedError('The server refuses LOAD DATA LOCAL.', { cause: error });
        }
      },
    };
  }

  private forgetLoading(limits: ServerLimits): void {
    limits.path = 'values';
    this.logger.warn('the server refuses LOAD DATA LOCAL; rows go in statements', {});
  }
}

/**
 * With LOCAL the server skips or alters what does not fit and only counts it, so the counts are compared.
 * @throws RowsAlteredError
 */
async function loadTexts(
  connection: PoolConnection,
  { name, columns }: BulkTable,
  texts: readonly string[],
  rowCount: number,
): Promise<void> {
  const [result] = await connection.query<ResultSetHeader>({
    sql:
      `LOAD DATA LOCAL INFILE 'rows' INTO TABLE ${name} CHARACTER SET utf8mb4 ` +
      `FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' (${columns.join(', ')})`,
    infileStreamFactory: () => Readable.from(chunksOf(texts)),
  });
  if (result.affectedRows !== rowCount || result.warningStatus > 0) {
    throw new RowsAlteredError(
      `Of ${rowCount} rows ${result.affectedRows} were taken, with ${result.warningStatus} warnings.`,
    );
  }
}

/** Pieces of about equal size, each a packet to the server. */
function* chunksOf(texts: readonly string[]): Generator<Buffer> {
  let piece = '';
  for (const text of texts) {
    piece += text;
    while (piece.length >= STREAM_CHUNK_CHARACTERS) {
      // The two halves of a surrogate pair are encoded together.
      const isCutInPair = isHighSurrogate(piece.charCodeAt(STREAM_CHUNK_CHARACTERS - 1));
      const end = isCutInPair ? STREAM_CHUNK_CHARACTERS - 1 : STREAM_CHUNK_CHARACTERS;
      yield Buffer.from(piece.slice(0, end));
      piece = piece.slice(end);
    }
  }
  if (piece.length > 0) yield Buffer.from(piece);
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

async function insertValues(
  connection: PoolConnection,
  { maxStatementBytes }: ServerLimits,
  { name, columns }: BulkTable,
  rows: readonly BulkRow[],
): Promise<void> {
  const sql = `INSERT INTO ${name} (${columns.join(', ')}) VALUES ?`;
  let chunk: BulkRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = sizeOfRow(row);
    if (chunk.length > 0 && (chunk.length >= ROWS_PER_STATEMENT || bytes + size > maxStatementBytes)) {
      await connection.query(sql, [chunk]);
      chunk = [];
      bytes = 0;
    }
    chunk.push(row);
    bytes += size;
  }
  await connection.query(sql, [chunk]);
}

/** A connection that cannot even do that is closed; the server then rolls back. */
async function rollBack(connection: PoolConnection): Promise<void> {
  try {
    await connection.query('ROLLBACK');
    connection.release();
  } catch {
    connection.destroy();
  }
}

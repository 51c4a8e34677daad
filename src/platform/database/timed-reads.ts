import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

const SELECT = /^\s*SELECT\b/;

/** Runs reads that the server itself ends when they take too long. */
@Injectable()
export class TimedReads {
  private server: Promise<'mariadb' | 'mysql'> | undefined;

  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs one SELECT, which takes at most `limitMs` on the server; the wait for a connection does not count.
   * @throws the server's error, for which `isTimeLimitExceeded` is true if the time was up.
   */
  async query<Row>(select: string, parameters: readonly unknown[], limitMs: number): Promise<Row[]> {
    const limited = limitStatement(select, limitMs, await this.findServer());
    return this.dataSource.query(limited, [...parameters]);
  }

  private async findServer(): Promise<'mariadb' | 'mysql'> {
    this.server ??= this.askServer();
    try {
      return await this.server;
    } catch (error) {
      this.server = undefined;
      throw error;
    }
  }

  private async askServer(): Promise<'mariadb' | 'mysql'> {
    const [row] = await this.dataSource.query<{ version: string }[]>('SELECT VERSION() AS version');
    return row && /mariadb/i.test(row.version) ? 'mariadb' : 'mysql';
  }
}

/** The two servers have different words for it. @throws if it is no SELECT: only that has a limit on both. */
export function limitStatement(select: string, limitMs: number, server: 'mariadb' | 'mysql'): string {
  if (!SELECT.test(select)) throw new Error('Only a SELECT can be given a time limit.');
  return server === 'mariadb'
    ? `SET STATEMENT max_statement_time=${(limitMs / 1000).toFixed(3)} FOR ${select}`
    : select.replace(SELECT, `SELECT /*+ MAX_EXECUTION_TIME(${limitMs}) */`);
}

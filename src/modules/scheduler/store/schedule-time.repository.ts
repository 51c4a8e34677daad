import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';

/**
 * The time by which slots are due: the database's, so that processes need not agree about it. Between two looks at the
 * database it goes on by a clock of the process that nobody can set.
 */
@Injectable()
export class ScheduleTime {
  private offsetMs: number | undefined;

  constructor(private readonly transactions: Transactions) {}

  /** The present as an expression of SQL. */
  get sql(): string {
    return 'UTC_TIMESTAMP(3)';
  }

  /** Asks the database. @returns milliseconds since the Unix epoch. */
  async read(): Promise<number> {
    const askedAtMs = performance.now();
    const [row]: { now: Date }[] = await this.transactions.single.query(`SELECT ${this.sql} AS now`);
    if (!row) throw new Error('The database did not tell the time.');
    this.noteDatabaseTime(row.now, askedAtMs);
    return row.now.getTime();
  }

  /** What the database said the time was, in an answer to a question of `askedAtMs` (`performance.now`). */
  noteDatabaseTime(now: Date, askedAtMs: number): void {
    this.offsetMs = now.getTime() - (askedAtMs + performance.now()) / 2;
  }

  /** The database's time as far as this process knows it; undefined before it has asked. */
  nowMs(): number | undefined {
    return this.offsetMs === undefined ? undefined : performance.now() + this.offsetMs;
  }
}

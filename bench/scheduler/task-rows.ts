import type { Connection } from 'mysql2/promise';
import type { PeriodicTask } from '../../src/platform/schedule/index.ts';

/** The rows on which a periodic task is measured. */
export interface TaskRowsCase {
  readonly task: PeriodicTask;
  /** How many by default. */
  readonly rows: number;
  /** Fills empty tables with `rows` rows, a multiple of 1,000. */
  seed(database: Connection, rows: number): Promise<void>;
  /** How many of them the task has still to do with. */
  countDue(database: Connection): Promise<number>;
}

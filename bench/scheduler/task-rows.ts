import type { Connection } from 'mysql2/promise';
import type { PeriodicTask } from '../../src/platform/schedule/index.ts';

/** The rows on which a periodic task is measured. */
export interface TaskRowsCase {
  readonly task: PeriodicTask;
  readonly rows: number;
  seed(database: Connection): Promise<void>;
  countDue(database: Connection): Promise<number>;
}

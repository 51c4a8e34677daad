import { periodicTasks } from '../../src/app.tasks.js';
import { openDatabase } from './test-database.js';

/** Call it before a worker is started: it then runs no periodic task, and a test that does so itself can count. */
export async function pauseSchedules(environment: Record<string, string>): Promise<void> {
  await using database = await openDatabase(environment['LOCKKEEPER_DATABASE_URL'] ?? '');
  await database.single.query(
    'INSERT INTO schedule_tasks (name, default_cron, settled_until, paused_at) VALUES ?',
    [periodicTasks.map(({ name, cron }) => [name, cron, new Date(), new Date()])],
  );
}

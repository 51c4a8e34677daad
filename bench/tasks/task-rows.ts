import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { TaskService } from '../../src/modules/task/index.ts';
import { idleTask } from './idle-task.ts';

const SUBMITTERS = 16;
const POLL_MS = 200;
/** How long nothing may end until it is taken for stuck. */
const STALL_MS = 300_000;

/** How the tasks of all users stand. */
export interface TaskCounts {
  waiting: number;
  running: number;
  ended: number;
}

/** Submits tasks that do nothing for so long, for these users by turns. @returns how many were accepted in a second */
export async function submitIdle(
  tasks: TaskService,
  ownerIds: readonly string[],
  count: number,
  workMs: number,
): Promise<number> {
  let submitted = 0;
  const startedAt = performance.now();
  const submitSome = async () => {
    while (submitted < count) {
      const ownerId = ownerIds[submitted++ % ownerIds.length] ?? '';
      await tasks.submit(ownerId, idleTask, { work_ms: workMs });
    }
  };
  await Promise.all(Array.from({ length: SUBMITTERS }, submitSome));
  return count / ((performance.now() - startedAt) / 1000);
}

export async function countTasks(database: Connection): Promise<TaskCounts> {
  const [[row]] = await database.query<RowDataPacket[]>(
    `SELECT SUM(queued + admitted + scheduled + deferred) AS waiting, SUM(started) AS running,
       SUM(finished + failed + cancelled) AS ended FROM task_lanes`,
  );
  return {
    waiting: Number(row?.['waiting'] ?? 0),
    running: Number(row?.['running'] ?? 0),
    ended: Number(row?.['ended'] ?? 0),
  };
}

/** Waits until no task waits or runs. @throws if nothing moves any more */
export async function untilAllEnded(
  database: Connection,
  onProgress: (counts: TaskCounts) => void = () => undefined,
): Promise<void> {
  let last = -1;
  for (let stalledAt = performance.now() + STALL_MS; ;) {
    const counts = await countTasks(database);
    if (counts.waiting + counts.running === 0) return;
    if (counts.ended !== last) stalledAt = performance.now() + STALL_MS;
    last = counts.ended;
    if (performance.now() > stalledAt) throw new Error('The tasks do not come to an end.');
    onProgress(counts);
    await delay(POLL_MS);
  }
}

/** The database's time, by which it notes when tasks begin and end. */
export async function readTime(database: Connection): Promise<Date> {
  const [[row]] = await database.query<RowDataPacket[]>('SELECT UTC_TIMESTAMP(3) AS now');
  return row?.['now'] as Date;
}

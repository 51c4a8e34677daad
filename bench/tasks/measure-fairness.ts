import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { BenchContext, Row } from '../lib/benchmark.ts';
import { openServices } from '../lib/built-services.ts';
import { atMost, type Goal } from '../lib/goals.ts';
import { round } from '../lib/report.ts';
import { Samples } from '../lib/samples.ts';
import { createUsers } from '../lib/users.ts';
import { idleTask } from './idle-task.ts';
import { startIdleWorkers } from './idle-workers.ts';
import { createInstallation, type PartResult, removeInstallation, type TaskInstallation } from './part.ts';
import { countTasks, submitIdle } from './task-rows.ts';

const FLOOD = 10_000;
/** As many as one user may have waiting, and how long each of them takes. */
const QUICK_FLOOD = 1_000;
const WORK_MS = 20;
const LONE_TASKS = 40;
const QUICK_LONE_TASKS = 8;
const PAUSE_MS = 150;
const TIMEOUT_MS = 120_000;
const POLL_MS = 20;
/** The window (8), and what runs (4), and what may begin between two looks of one clock. */
const MAX_PASSED = 16;

/** With the limit of one user's running tasks, and with one that is never met: then the window alone keeps order. */
const VARIANTS: readonly { limit: string; settings: Record<string, string> }[] = [
  { limit: '4 of a user run', settings: {} },
  { limit: 'as many as workers take', settings: { LOCKKEEPER_TASKS_MAX_RUNNING: '100' } },
];

/** How a single task of one user fares while another has ten thousand waiting. */
export async function measureFairness(context: BenchContext): Promise<PartResult> {
  const rows: Row[] = [];
  const goals: Goal[] = [];
  for (const { limit, settings } of VARIANTS) {
    const installation = await createInstallation(context, settings);
    const measured = await measureLone(context, installation, limit);
    await removeInstallation(installation);
    rows.push(measured.row);
    goals.push(
      atMost(MAX_PASSED, 'tasks', `of the flood before a lone task, most (${limit})`, measured.most),
    );
  }
  return { tables: [{ title: 'A lone task beside a flood of one user, one worker', rows }], goals };
}

async function measureLone(context: BenchContext, installation: TaskInstallation, limit: string) {
  const { isQuick } = context.settings;
  const { database, environment } = installation;
  const [many, one] = await createUsers(environment, 2, 0n, ['tasks']);
  const services = await openServices(environment);
  const flood = isQuick ? QUICK_FLOOD : FLOOD;
  context.report(`Fairness: ${flood} tasks of one user (${limit})`);
  const perSecond = await submitIdle(services.tasks, [many?.id ?? ''], flood, WORK_MS);
  const workers = await startIdleWorkers(installation, 1);
  await until(async () => (await countTasks(database)).ended > 10);
  context.report('Fairness: lone tasks');
  const passed = new Samples();
  const waits = new Samples();
  for (let number = 0; number < (isQuick ? QUICK_LONE_TASKS : LONE_TASKS); number++) {
    const { taskId } = await services.tasks.submit(one?.id ?? '', idleTask, { work_ms: 0 });
    const lone = await untilStarted(database, taskId, many?.id ?? '');
    passed.add(lone.passed);
    waits.add(lone.waitMs);
    await delay(Math.random() * PAUSE_MS);
  }
  const { waiting } = await countTasks(database);
  context.report(`Fairness: at most ${passed.percentile(100)} of the flood before a lone task`);
  await workers.stop();
  await services.close();
  const row: Row = {
    limit,
    flood,
    submitted_per_s: round(perSecond),
    lone_tasks: passed.count,
    passed_p50: passed.percentile(50),
    passed_most: passed.percentile(100),
    wait_p50_ms: round(waits.percentile(50)),
    wait_p95_ms: round(waits.percentile(95)),
    wait_most_ms: round(waits.percentile(100)),
    still_waiting: waiting,
  };
  // Of a flood that has run off nothing can be said.
  return { row, most: waiting > 0 ? passed.percentile(100) : Number.NaN };
}

/** How long a task has waited, and how many of the flood's ended meanwhile. */
async function untilStarted(
  database: Connection,
  taskId: string,
  floodOwner: string,
): Promise<{ waitMs: number; passed: number }> {
  let row: RowDataPacket | undefined;
  await until(async () => {
    [[row]] = await database.query<RowDataPacket[]>(
      `SELECT TIMESTAMPDIFF(MICROSECOND, created_at, started_at) / 1000 AS wait_ms,
         (SELECT COUNT(*) FROM tasks AS f WHERE f.owner_id = ? AND f.ended_at BETWEEN t.created_at AND t.started_at)
           AS passed
       FROM tasks AS t WHERE t.id = ? AND t.started_at IS NOT NULL`,
      [floodOwner, taskId],
    );
    return row !== undefined;
  });
  return { waitMs: Number(row?.['wait_ms']), passed: Number(row?.['passed']) };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('A task of the benchmark was not run.');
    await delay(POLL_MS);
  }
}

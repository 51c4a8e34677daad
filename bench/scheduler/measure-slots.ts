import { setTimeout as delay } from 'node:timers/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import type { PeriodicTask } from '../../src/platform/schedule/index.ts';
import type { BenchContext, Row } from '../lib/benchmark.ts';
import { atMost, type Goal } from '../lib/goals.ts';
import { createProduct } from '../lib/product.ts';
import { Samples } from '../lib/samples.ts';
import { WorkerPrograms } from './worker-programs.ts';

/** Tasks that are due each second. */
const TASKS = 10;
const LATENESS_WORKERS = 2;
const CONTENDERS = 8;
const CONTESTED_CRON = '0 0 1 1 *';
const POLL_MS = 20;
const TIMEOUT_MS = 120_000;
const REDIS_PROCESS = /redis/i;

interface Bench {
  readonly context: BenchContext;
  readonly database: Connection;
  readonly workers: WorkerPrograms;
  readonly redisPid: number;
  readonly seconds: number;
}

/** How late slots are, with Redis and without; how long the switches take; how many slots the fence lets through. */
export async function measureSlots(context: BenchContext): Promise<{ rows: Row[]; goals: Goal[] }> {
  const { isQuick, seconds } = context.settings;
  const servers = await context.startServers();
  const { environment } = await createProduct(servers);
  const database = await createConnection({
    uri: environment['LOCKKEEPER_DATABASE_URL'] ?? '',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
  const redisPid = [...servers.pids()].find(([name]) => REDIS_PROCESS.test(name))?.[1];
  if (redisPid === undefined) throw new Error('The Redis of the benchmark was not found.');
  const workers = new WorkerPrograms(servers, environment, benchTasks());
  const bench = { context, database, workers, redisPid, seconds: seconds ?? (isQuick ? 10 : 60) };
  try {
    await workers.start(LATENESS_WORKERS);
    const { rows, goals } = await measureLateness(bench);
    await workers.start((isQuick ? 4 : CONTENDERS) - LATENESS_WORKERS);
    const fence = await measureFence(bench, isQuick ? 200 : 2_000);
    await workers.stop();
    return { rows: [...rows, ...fence.rows], goals: [...goals, ...fence.goals] };
  } finally {
    await database.end();
  }
}

function benchTasks(): PeriodicTask[] {
  const task = (name: string, cron: string): PeriodicTask => ({
    name,
    description: 'Does nothing.',
    cron,
    priority: 5,
    retries: 0,
    retryDelayMs: 0,
    softLimitMs: 10_000,
    hardLimitMs: 20_000,
    catchUp: { mode: 'all', max: 1_000 },
  });
  return [
    ...Array.from({ length: TASKS }, (_, number) => task(`each-second-${number}`, '* * * * * *')),
    task('contested', CONTESTED_CRON),
  ];
}

async function measureLateness(bench: Bench): Promise<{ rows: Row[]; goals: Goal[] }> {
  const { context, database, redisPid, seconds } = bench;
  await untilMode(database, 'redis');
  await untilSlots(database, 'redis', 20);
  context.report('Lateness with Redis');
  const withRedis = await latenessOver(bench, 'redis', seconds);
  context.report('Redis hangs');
  process.kill(redisPid, 'SIGSTOP');
  const lostAtMs = Date.now();
  const detectedMs = (await untilMode(database, 'local')) - lostAtMs;
  context.report('Lateness without Redis');
  const without = await latenessOver(bench, 'local', seconds);
  process.kill(redisPid, 'SIGCONT');
  const backAtMs = Date.now();
  context.report('Redis is back');
  const returnedMs = (await untilMode(database, 'redis')) - backAtMs;
  const [lost] = await count(database, `SELECT COUNT(*) AS count FROM schedule_runs WHERE state = 'skipped'`);
  const row = (what: string, samples: Samples): Row => ({
    what,
    slots: samples.count,
    p50_ms: samples.percentile(50),
    p99_ms: samples.percentile(99),
  });
  return {
    rows: [
      row('lateness with Redis', withRedis),
      row('lateness without Redis', without),
      { what: 'Redis hangs: until the ticker drives', slots: null, p50_ms: detectedMs, p99_ms: null },
      { what: 'Redis is back: until it drives again', slots: null, p50_ms: returnedMs, p99_ms: null },
    ],
    goals: [
      atMost(1_000, 'ms', 'p99 of the lateness with Redis', withRedis.percentile(99)),
      atMost(2_000, 'ms', 'p99 of the lateness without Redis', without.percentile(99)),
      atMost(0, 'slots', 'slots that were skipped', lost ?? Number.NaN),
    ],
  };
}

/** Of the slots that are due from now on. */
async function latenessOver({ database }: Bench, path: string, seconds: number): Promise<Samples> {
  const from = new Date(Date.now() + 1_000);
  const to = new Date(from.getTime() + seconds * 1_000);
  await delay(seconds * 1_000 + 3_000);
  const [rows] = await database.query<RowDataPacket[]>(
    `SELECT lateness_ms FROM schedule_runs WHERE path = ? AND due_at BETWEEN ? AND ? AND task LIKE 'each-second-%'
       AND lateness_ms IS NOT NULL`,
    [path, from, to],
  );
  const samples = new Samples();
  for (const row of rows) samples.add(Number(row['lateness_ms']));
  return samples;
}

async function measureFence(
  { context, database, workers }: Bench,
  slotCount: number,
): Promise<{ rows: Row[]; goals: Goal[] }> {
  context.report('The same slots claimed by all');
  await database.query(`UPDATE schedule_tasks SET settled_until = '2000-01-01' WHERE name = 'contested'`);
  const begin = Date.UTC(2100, 0, 1);
  const slots = Array.from({ length: slotCount }, (_, number) => begin + number * 1_000);
  const answers = await workers.contend('contested', CONTESTED_CRON, slots);
  const claimed = answers.reduce((sum, answer) => sum + answer.claimed, 0);
  const seconds = Math.max(...answers.map(({ durationMs }) => durationMs)) / 1_000;
  return {
    rows: [
      {
        what: `slots/s, each claimed by ${answers.length} processes`,
        slots: claimed,
        p50_ms: Math.round(slotCount / seconds),
        p99_ms: null,
      },
    ],
    goals: [atMost(0, 'slots', 'slots won not exactly once', Math.abs(claimed - slotCount))],
  };
}

/** @returns when the mode was that, by the database's timeline. */
async function untilMode(database: Connection, mode: string): Promise<number> {
  return until(`the mode ${mode}`, async () => {
    const [rows] = await database.query<RowDataPacket[]>(
      'SELECT mode_since FROM schedule_lease WHERE mode = ? AND holder IS NOT NULL',
      [mode],
    );
    return (rows[0]?.['mode_since'] as Date | undefined)?.getTime();
  });
}

async function untilSlots(database: Connection, path: string, slots: number): Promise<void> {
  await until(`${slots} slots`, async () => {
    const [found] = await count(
      database,
      `SELECT COUNT(*) AS count FROM schedule_runs WHERE path = '${path}' AND state = 'succeeded'`,
    );
    return (found ?? 0) >= slots ? true : undefined;
  });
}

async function count(database: Connection, sql: string): Promise<number[]> {
  const [rows] = await database.query<RowDataPacket[]>(sql);
  return rows.map((row) => Number(row['count']));
}

async function until<T>(what: string, condition: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    const value = await condition();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`${what} did not come about.`);
    await delay(POLL_MS);
  }
}

import type { INestApplicationContext } from '@nestjs/common';
import { Worker } from 'bullmq';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ScheduleOperations } from '../../src/modules/scheduler/index.js';
import { ScheduleTime } from '../../src/modules/scheduler/store/schedule-time.repository.js';
import { readCron } from '../../src/platform/schedule/index.js';
import { OwnRedis } from '../factories/own-redis.js';
import { ScheduleEngines, testTask } from '../factories/schedule-engines.js';
import { waitUntil } from '../factories/wait.js';

/** How many seconds of the day pass in one of ours. */
const FACTOR = Number(process.env['TEST_DAY_FACTOR'] ?? 240);
const DAY_BEGIN = Date.parse('2027-03-01T00:00:00Z');
/** Of the day: the first hours, in which each cron has its turn; all of it takes six minutes (TEST_DAY_HOURS=24). */
const DAY_MS = Number(process.env['TEST_DAY_HOURS'] ?? 8) * 3_600_000;
const ENGINES = 3;
const EARLIER_MS = 15_000 * FACTOR;

/** The crons of a product with a customer service, coupons, activities and statistics. */
const CRONS: Record<string, string> = {
  'queue-of-customers': '*/30 * * * * *',
  'end-of-chats': '*/30 * * * * *',
  'warnings-of-chats': '*/30 * * * * *',
  'expired-orders': '* * * * *',
  'expired-coupons': '*/5 * * * *',
  'expired-codes': '*/5 * * * *',
  'expired-points': '*/5 * * * *',
  'end-of-activities': '*/5 * * * *',
  statistics: '*/10 * * * *',
  'inactive-chats': '0 2 * * *',
  'response-times': '0 3 * * *',
};

/**
 * Makes a day pass in minutes: for BullMQ the clock of the process is so fast, for the engine that of the database. How
 * long Redis must be lost or there for a switch, leases and heartbeats are in our own time.
 */
function compressTime(): { dayMs: () => number } {
  const RealDate = Date;
  const startedAt = RealDate.now();
  /** It begins so long before the day that all have started by then. */
  const simulatedBegin = DAY_BEGIN - EARLIER_MS;
  const now = () => simulatedBegin + (RealDate.now() - startedAt) * FACTOR;
  class FastDate extends RealDate {
    constructor(...args: [] | [number | string]) {
      super(...((args.length === 0 ? [now()] : args) as [number]));
    }
    static override now(): number {
      return now();
    }
  }
  vi.stubGlobal('Date', FastDate);
  vi.spyOn(ScheduleTime.prototype, 'nowMs').mockImplementation(now);
  vi.spyOn(ScheduleTime.prototype, 'sql', 'get').mockImplementation(
    () =>
      `CAST(TIMESTAMPADD(MICROSECOND, ${FACTOR} * TIMESTAMPDIFF(MICROSECOND, '${sqlTime(startedAt)}', UTC_TIMESTAMP(6)),
         '${sqlTime(simulatedBegin)}') AS DATETIME(3))`,
  );
  interface Blocking {
    getBlockTimeout(blockUntil: number): number;
  }
  const blocking = Worker.prototype as unknown as Blocking;
  const blockTimeout = Reflect.get(blocking, 'getBlockTimeout');
  vi.spyOn(blocking, 'getBlockTimeout').mockImplementation(function (this: Blocking, blockUntil: number) {
    const seconds = blockTimeout.call(this, blockUntil);
    return blockUntil > 0 && seconds > 0 ? Math.max(0.002, seconds / FACTOR) : seconds;
  });
  return { dayMs: () => now() - DAY_BEGIN };
}

function sqlTime(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}

describe('a day of schedules', () => {
  let redis: OwnRedis;
  let engines: ScheduleEngines;
  afterEach(async () => {
    await engines?.dispose();
    await redis?.dispose();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it(
    'has every slot run once while Redis is killed three times and wiped once',
    { timeout: 1_800_000 },
    async () => {
      redis = await OwnRedis.start();
      engines = await ScheduleEngines.create({
        LOCKKEEPER_REDIS_URL: redis.url,
        LOCKKEEPER_SCHEDULE_PROBE_MS: '200',
        LOCKKEEPER_SCHEDULE_STABLE_MS: '1000',
        LOCKKEEPER_SCHEDULE_RECONCILE_MS: '500',
        LOCKKEEPER_SCHEDULE_WATCHDOG_MS: '1000',
        // In the day's own time: a quarter of a second of ours.
        LOCKKEEPER_SCHEDULE_GRACE_MS: String(250 * FACTOR),
        LOCKKEEPER_SCHEDULE_CONCURRENCY: '20',
      });
      const runs = new Map<string, number>();
      const tasks = Object.entries(CRONS).map(([name, cron]) =>
        testTask(
          name,
          ({ dueAt }) => {
            const key = `${name} ${dueAt.toISOString()}`;
            runs.set(key, (runs.get(key) ?? 0) + 1);
            return Promise.resolve({});
          },
          { cron, catchUp: { mode: 'all', max: 1_000 } },
        ),
      );
      const { dayMs } = compressTime();
      const apps: INestApplicationContext[] = [];
      for (let count = 0; count < ENGINES; count++) apps.push(await engines.start(tasks));
      const mode = async () => (await apps[0]?.get(ScheduleOperations).overview())?.mode;
      const atPart = (part: number) =>
        waitUntil(`${part} of the day`, () => dayMs() >= part * DAY_MS, DAY_MS / FACTOR + 60_000);
      const waitForMode = (wanted: string) =>
        waitUntil(`the mode ${wanted}`, async () => (await mode()) === wanted, 60_000);

      for (const part of [0.1, 0.35, 0.6]) {
        await atPart(part);
        await redis.kill();
        await waitForMode('local');
        await atPart(part + 0.05);
        await redis.startAgain();
        await waitForMode('redis');
      }
      await atPart(0.85);
      await redis.kill();
      await redis.startEmpty();
      await atPart(1);
      const dayEnd = DAY_BEGIN + DAY_MS;
      const settled = async () => {
        const states = await engines.query<{ name: string; settled_until: Date }[]>(
          'SELECT name, settled_until FROM schedule_tasks',
        );
        const [open] = await engines.query<unknown[]>(
          `SELECT 1 FROM schedule_runs WHERE state IN ('due', 'running') AND due_at < ? LIMIT 1`,
          new Date(dayEnd),
        );
        // A task is settled no further than there are slots to decide.
        const isSettled = ({ name, settled_until: until }: (typeof states)[number]) =>
          readCron(CRONS[name] ?? '@yearly').next(until.getTime()) >= dayEnd;
        return open === undefined && states.every(isSettled);
      };
      await waitUntil('the end of the day', settled, 600_000);

      const wanted = Object.entries(CRONS).flatMap(([name, cron]) =>
        readCron(cron)
          .between(DAY_BEGIN - 1, DAY_BEGIN + DAY_MS - 1, 10_000)
          .slots.map((slot) => `${name} ${new Date(slot).toISOString()}`),
      );
      const [paths] = await engines.query<object[]>(
        `SELECT SUM(path = 'redis') AS redis, SUM(path = 'local') AS local, SUM(is_caught_up) AS caught_up,
         SUM(state = 'skipped') AS skipped, SUM(state <> 'succeeded') AS others FROM schedule_runs
        WHERE due_at >= ? AND due_at < ? AND task <> 'forget-schedule-history'`,
        new Date(DAY_BEGIN),
        new Date(DAY_BEGIN + DAY_MS),
      );
      process.stdout.write(`${wanted.length} slots: ${JSON.stringify(paths)}\n`);
      expect(wanted.filter((slot) => !runs.has(slot))).toEqual([]);
      expect(wanted.filter((slot) => runs.get(slot) !== 1)).toEqual([]);
      expect(paths).toMatchObject({ skipped: '0', others: '0' });
      expect(Number((paths as { redis: string }).redis)).toBeGreaterThan(wanted.length / 3);
      expect(Number((paths as { local: string }).local)).toBeGreaterThan(wanted.length / 20);
    },
  );
});

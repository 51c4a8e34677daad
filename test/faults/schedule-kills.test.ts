import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definePeriodicTask, type CatchUp } from '../../src/platform/schedule/index.js';
import { OwnMariadb } from '../factories/own-mariadb.js';
import { OwnRedis } from '../factories/own-redis.js';
import { ScheduleProcesses } from '../factories/schedule-processes.js';
import { waitUntil } from '../factories/wait.js';

/** On two busy cores fewer may be wiser. */
const PROCESSES = Number(process.env['TEST_SCHEDULE_PROCESSES'] ?? 8);
const LONG_MS = 60_000;
/** Between two faults so many runs must be done. */
const CALM_RUNS = 10;

const task = (name: string, cron: string, catchUp: CatchUp) =>
  definePeriodicTask({
    name,
    description: 'Does what a test wants.',
    cron,
    priority: 5,
    retries: 10,
    retryDelayMs: 500,
    softLimitMs: 30_000,
    hardLimitMs: 60_000,
    catchUp,
  });

const tasks = [
  task('catches-all-up', '* * * * * *', { mode: 'all', max: 1_000 }),
  task('catches-latest-up', '*/2 * * * * *', { mode: 'latest' }),
  task('skips', '*/3 * * * * *', { mode: 'skip' }),
];

describe(`${PROCESSES} workers with periodic tasks`, () => {
  let redis: OwnRedis;
  let mariadb: OwnMariadb;
  let workers: ScheduleProcesses;
  beforeAll(async () => {
    [redis, mariadb] = await Promise.all([OwnRedis.start(), OwnMariadb.start()]);
    workers = await ScheduleProcesses.create(tasks, {
      LOCKKEEPER_DATABASE_URL: mariadb.url,
      LOCKKEEPER_REDIS_URL: redis.url,
      LOCKKEEPER_SCHEDULE_LEASE_MS: '3000',
      LOCKKEEPER_SCHEDULE_HEARTBEAT_TIMEOUT_MS: '3000',
      LOCKKEEPER_SCHEDULE_PROBE_MS: '300',
      LOCKKEEPER_SCHEDULE_STABLE_MS: '2000',
      LOCKKEEPER_SCHEDULE_RECONCILE_MS: '1000',
      LOCKKEEPER_SCHEDULE_WATCHDOG_MS: '2000',
      LOCKKEEPER_SHUTDOWN_TIMEOUT_MS: '5000',
    });
    await Promise.all(Array.from({ length: PROCESSES }, () => workers.start()));
  }, 300_000);
  afterAll(async () => {
    await workers?.dispose();
    await Promise.all([redis?.dispose(), mariadb?.dispose()]);
  });

  async function calm(): Promise<void> {
    const before = await waitUntil('the database', () => workers.countExecutions(), LONG_MS);
    await waitUntil(
      'further runs',
      async () => ((await workers.countExecutions()) ?? 0) >= before + CALM_RUNS,
      LONG_MS,
    );
  }

  const waitForMode = (mode: string) =>
    waitUntil(`the mode ${mode}`, async () => (await workers.mode()) === mode, LONG_MS);

  async function killHolder(): Promise<void> {
    const pid = await waitUntil('a holder', () => workers.holderPid(), LONG_MS);
    await workers.kill(pid);
    await workers.start();
    await waitUntil(
      'the next holder',
      async () => {
        const next = await workers.holderPid();
        return next !== undefined && next !== pid;
      },
      LONG_MS,
    );
  }

  it('run every slot once and skip none, whatever is killed', { timeout: 600_000 }, async () => {
    await calm();
    await killHolder();
    await calm();

    await redis.kill();
    await waitForMode('local');
    await calm();
    // Nobody is left to fire, neither Redis nor the ticker, until the lease has run out.
    await killHolder();
    await calm();
    await redis.startAgain();
    await waitForMode('redis');
    await calm();

    await redis.kill();
    await redis.startEmpty();
    await calm();
    await waitForMode('redis');
    await calm();

    const said = workers.output.length;
    await mariadb.kill();
    await waitUntil(
      'that somebody says so',
      () => workers.output.slice(said).includes('no periodic task is begun'),
      LONG_MS,
    );
    await mariadb.startAgain();
    await calm();

    await Promise.all(workers.pids.slice(0, PROCESSES / 2).map((pid) => workers.kill(pid)));
    await calm();
    // What was running in those that were killed is taken over and ended.
    await waitUntil(
      'the end of what was begun before',
      async () => {
        const rows = await workers.database.single.query<unknown[]>(
          `SELECT 1 FROM schedule_runs WHERE state = 'running' AND started_at < UTC_TIMESTAMP(3) - INTERVAL 3 SECOND`,
        );
        return rows.length === 0;
      },
      LONG_MS,
    );
    await calm();
    await workers.stopAll();

    for (const { name, catchUp } of tasks) {
      const account = await workers.account(name);
      process.stdout.write(`${name}: ${account.slots} slots, ${JSON.stringify(account.states)}\n`);
      expect({ name, lost: account.lost, doubled: account.doubled }).toEqual({ name, lost: [], doubled: [] });
      const { due = 0 } = account.states;
      // What waited when all were stopped is there for the next ones.
      const untrue = account.untrue.filter((text) => !text.endsWith(' due'));
      expect(untrue.filter((text) => / (succeeded|skipped)$/.test(text))).toEqual([]);
      expect(due).toBeLessThanOrEqual(2);
      if (catchUp.mode === 'all')
        expect(Object.keys(account.states).sort()).toEqual(due > 0 ? ['due', 'succeeded'] : ['succeeded']);
    }
    // The latest of what was missed was always run.
    const missed = await workers.database.single.query<{ through_at: Date }[]>(
      `SELECT through_at FROM schedule_runs WHERE task = 'catches-latest-up' AND reason = 'missed'`,
    );
    for (const { through_at: last } of missed) {
      const [next] = await workers.database.single.query<{ state: string }[]>(
        `SELECT state FROM schedule_runs WHERE task = 'catches-latest-up' AND due_at > ? ORDER BY due_at LIMIT 1`,
        [last],
      );
      expect(next?.state).toMatch(/succeeded|due/);
    }
  });
});

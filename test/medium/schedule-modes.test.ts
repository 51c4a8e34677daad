import type { INestApplicationContext } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ScheduleOperations } from '../../src/modules/scheduler/index.js';
import { SlotFiring } from '../../src/modules/scheduler/engine/slot-firing.js';
import { SlotRepository } from '../../src/modules/scheduler/store/slot.repository.js';
import { CronSchedules } from '../../src/platform/queue/index.js';
import { ScheduleEngines, type TestTask, testTask } from '../factories/schedule-engines.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { createTestRedis } from '../factories/test-redis.js';
import { waitUntil } from '../factories/wait.js';

const system = { kind: 'system' } as const;

describe('the schedules', () => {
  let engines: ScheduleEngines;
  let proxy: TcpProxy;
  beforeEach(async () => {
    proxy = await createTcpProxy(await createTestRedis());
    engines = await ScheduleEngines.create({ LOCKKEEPER_REDIS_URL: proxy.url });
  });
  afterEach(() => engines.dispose());

  const runs: string[] = [];
  const everySecond = (overrides: Partial<TestTask['task']> = {}): TestTask =>
    testTask(
      'every-second',
      async ({ dueAt }) => {
        runs.push(dueAt.toISOString());
        return {};
      },
      { cron: '* * * * * *', ...overrides },
    );
  beforeEach(() => runs.splice(0));

  const records = () => engines.history('every-second');
  const overview = (app: INestApplicationContext) => app.get(ScheduleOperations).overview();
  const waitForRuns = (path: string, count: number) =>
    waitUntil(`${count} runs by ${path}`, async () => {
      const found = (await records()).filter(
        (record) => record.path === path && record.state === 'succeeded',
      );
      return found.length >= count && found;
    });

  /** Of what is settled, no slot after the first is without a row, and none was run twice. */
  async function expectEverySlot(): Promise<void> {
    const [state] = await engines.query<{ settled_until: Date }[]>(
      `SELECT settled_until FROM schedule_tasks WHERE name = 'every-second'`,
    );
    const settledMs = state?.settled_until.getTime() ?? 0;
    const covered = new Set<number>();
    for (const { dueAt, throughAt, path } of await records()) {
      if (path === 'manual') continue;
      for (let ms = dueAt.getTime(); ms <= (throughAt ?? dueAt).getTime(); ms += 1_000) covered.add(ms);
    }
    const firstMs = Math.min(...covered);
    const settled = [...covered].filter((ms) => ms <= settledMs);
    expect(settled.length).toBe(Math.floor((settledMs - firstMs) / 1_000) + 1);
    expect(new Set(runs).size).toBe(runs.length);
  }

  it('are driven by Redis in normal times, each slot soon after it is due', async () => {
    const apps = [await engines.start([everySecond()]), await engines.start([everySecond()])];
    const found = await waitForRuns('redis', 4);
    const lateness = found
      .filter(({ isCaughtUp }) => !isCaughtUp)
      .map(({ latenessMs }) => latenessMs ?? Infinity);
    expect(Math.min(...lateness)).toBeLessThan(500);
    for (const app of apps) {
      expect(await overview(app)).toMatchObject({ mode: 'redis', epoch: 1, isHeld: true, isDrill: false });
    }
    await expectEverySlot();
  });

  it('are driven by the ticker while Redis is away, and by Redis again when it has been back for a while', async () => {
    const app = await engines.start([everySecond()]);
    await waitForRuns('redis', 2);
    await proxy.cut();
    const local = await waitForRuns('local', 4);
    expect(local.find(({ isCaughtUp }) => !isCaughtUp)?.epoch).toBe(1);
    expect(await overview(app)).toMatchObject({ mode: 'local' });
    const before = (await waitForRuns('redis', 1)).length;
    await proxy.restore();
    await waitUntil('the way back', async () => (await overview(app)).mode === 'redis');
    await waitForRuns('redis', before + 3);
    const switches = (await app.get(ScheduleOperations).listSwitches(20)).toReversed();
    expect(switches[0]).toMatchObject({ kind: 'lease', epoch: 1 });
    const modes = switches
      .filter(({ kind }) => kind === 'mode')
      .map(({ fromMode, toMode }) => `${fromMode} ${toMode}`);
    expect(modes.slice(-4)).toEqual(['redis suspect', 'suspect local', 'local draining', 'draining redis']);
    expect(switches.find(({ toMode }) => toMode === 'local')?.reason).toMatch(/^Redis: /);
    await expectEverySlot();
  });

  it('take a Redis that hangs for lost', async () => {
    await engines.start([everySecond()]);
    await waitForRuns('redis', 1);
    proxy.mute();
    await waitForRuns('local', 2);
    proxy.unmute();
    await expectEverySlot();
  });

  it('go on without Redis for as long as a drill lasts, though Redis is there', async () => {
    const app = await engines.start([everySecond()]);
    const other = await engines.start([everySecond()]);
    await waitForRuns('redis', 1);
    await other.get(ScheduleOperations).drill(system, 3);
    await waitForRuns('local', 2);
    expect(await overview(app)).toMatchObject({ mode: 'local', isDrill: true });
    await waitUntil('the end of the drill', async () => (await overview(app)).mode === 'redis');
    const local = (await records()).filter(({ path }) => path === 'local').length;
    await waitUntil('Redis again', async () => (await records())[0]?.path === 'redis');
    expect((await records()).filter(({ path }) => path === 'local').length).toBeLessThanOrEqual(local + 1);
    await expectEverySlot();
  });

  it('are mended when Redis has lost its data', async () => {
    const app = await engines.start([everySecond()]);
    await waitForRuns('redis', 2);
    const schedules = app.get(CronSchedules);
    await schedules.remove('every-second');
    await schedules.upsert('of-nobody', '* * * * *');
    await waitUntil('the watchdog', async () => {
      const found = await schedules.list();
      return (
        found.some(({ id, cron }) => id === 'every-second' && cron === '* * * * * *') &&
        !found.some(({ id }) => id === 'of-nobody')
      );
    });
    const firing = vi.spyOn(app.get(SlotFiring), 'fromRedis');
    await waitUntil('a firing', () => firing.mock.calls.length > 0);
    await expectEverySlot();
  });

  it('change hands when the process that had the lease stops, and no slot is lost', async () => {
    const first = await engines.start([everySecond()]);
    await waitForRuns('redis', 1);
    const second = await engines.start([everySecond()]);
    await engines.stop(first);
    await waitUntil('the next holder', async () => (await overview(second)).epoch === 2);
    await waitForRuns('redis', 4);
    await expectEverySlot();
  });

  it('change hands when the holder does not renew its lease; what the old one fires then is refused', async () => {
    const first = await engines.start([everySecond()]);
    await waitForRuns('redis', 1);
    await proxy.cut();
    await waitForRuns('local', 1);
    const leaseOf = async () => {
      const [row] = await engines.query<{ holder: string; epoch: string }[]>('SELECT * FROM schedule_lease');
      return { holderId: row?.holder ?? '', epoch: Number(row?.epoch) };
    };
    const old = await leaseOf();
    await engines.query(
      `UPDATE schedule_lease SET holder = UUID(), epoch = epoch + 1, expires_at = UTC_TIMESTAMP(3) + INTERVAL 2 SECOND`,
    );
    const dueAt = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000);
    const slot = { task: 'every-second', cron: '* * * * * *', path: 'local', dueAt } as const;
    const slots = first.get(SlotRepository);
    expect(await slots.claim({ ...slot, lease: old })).toBe('refused');
    expect(await slots.claim({ ...slot, lease: await leaseOf() })).toBe('claimed');
    expect(await slots.claim({ ...slot, lease: await leaseOf() })).toBe('duplicate');
    await waitUntil('the next epoch', async () => (await overview(first)).epoch === old.epoch + 2);
    await waitForRuns('local', 3);
    await expectEverySlot();
  });

  it('go by the clock of the database in a process whose own is 90 seconds fast', async () => {
    const realNow = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => realNow() + 90_000);
    try {
      await engines.start([everySecond()]);
      const found = await waitForRuns('redis', 3);
      for (const { dueAt, firstStartedAt } of found) {
        expect(firstStartedAt?.getTime()).toBeGreaterThanOrEqual(dueAt.getTime());
        expect(dueAt.getTime()).toBeLessThan(realNow() + 5_000);
      }
      await expectEverySlot();
    } finally {
      vi.restoreAllMocks();
    }
  });

  it('keep what is paused in one row, and go on from the end of the pause', async () => {
    const app = await engines.start([everySecond({ catchUp: { mode: 'all', max: 100 } })]);
    const operations = app.get(ScheduleOperations);
    await waitForRuns('redis', 1);
    await operations.pause(system, 'every-second');
    const paused = async () =>
      (await records()).filter(({ reason, slots }) => reason === 'paused' && slots !== 1);
    await waitUntil('slots of the pause', async () => ((await paused())[0]?.slots ?? 0) >= 3);
    await operations.run(system, 'every-second', undefined);
    await waitUntil('a run by hand', async () =>
      (await records()).some(({ path, state }) => path === 'manual' && state === 'succeeded'),
    );
    await operations.resume(system, 'every-second');
    const before = (await records()).filter(
      ({ state, path }) => state === 'succeeded' && path === 'redis',
    ).length;
    await waitForRuns('redis', before + 2);
    expect(await paused()).toHaveLength(1);
    const [row] = await paused();
    expect(row?.slots).toBe(((row?.throughAt?.getTime() ?? 0) - (row?.dueAt.getTime() ?? 0)) / 1_000 + 1);
    expect(
      runs.filter(
        (dueAt) =>
          row &&
          dueAt >= row.dueAt.toISOString() &&
          dueAt <= (row.throughAt?.toISOString() ?? '') &&
          dueAt.endsWith('000Z'),
      ),
    ).toEqual([]);
  });

  it('follow another cron within seconds, in Redis too, and go back to the default', async () => {
    const app = await engines.start([everySecond({ cron: '0 0 29 2 *' })]);
    const operations = app.get(ScheduleOperations);
    await waitUntil('the schedule', async () => (await app.get(CronSchedules).list()).length === 2);
    await operations.setCron(system, 'every-second', '* * * * * *');
    await waitForRuns('redis', 3);
    await operations.setCron(system, 'every-second', null);
    await waitUntil('the default', async () => {
      const found = await app.get(CronSchedules).list();
      return found.find(({ id }) => id === 'every-second')?.cron === '0 0 29 2 *';
    });
    const [last] = await records();
    const { state } = await operations.find('every-second');
    expect(last?.dueAt.getTime()).toBeLessThanOrEqual(state?.settledUntil.getTime() ?? 0);
    await expect(operations.setCron(system, 'every-second', '61 * * * *')).rejects.toMatchObject({
      code: 'cron_invalid',
    });
  });

  it('know a new task from its first slot on, and one that is gone no more', async () => {
    const old = await engines.start([everySecond()]);
    await waitForRuns('redis', 1);
    await engines.stop(old);
    const renamed = testTask('renamed', () => Promise.resolve({}), { cron: '* * * * * *' });
    const app = await engines.start([renamed]);
    await waitUntil('the new name', async () => (await engines.history('renamed')).length >= 2);
    await waitUntil('the end of the old schedule', async () => {
      const found = await app.get(CronSchedules).list();
      return !found.some(({ id }) => id === 'every-second');
    });
    const [newest] = await records();
    expect(newest?.endedAt).not.toBeNull();
    const [gone] = await engines.query<{ removed_at: Date | null }[]>(
      `SELECT removed_at FROM schedule_tasks WHERE name = 'every-second'`,
    );
    expect(gone?.removed_at).toBeInstanceOf(Date);
    await engines.stop(app);
    const count = (await records()).length;
    await engines.start([everySecond({ catchUp: { mode: 'all', max: 100 } })]);
    await waitUntil('the old name again', async () => (await records()).length > count);
    expect(
      (await records()).filter(({ dueAt }) => dueAt < (gone?.removed_at ?? 0)).length,
    ).toBeLessThanOrEqual(count + 1);
  });
});

describe('slots that passed while no worker ran', () => {
  it.each([
    ['skip', { mode: 'skip' as const }, 0, 59],
    ['latest', { mode: 'latest' as const }, 1, 59],
    ['all', { mode: 'all' as const, max: 4 }, 4, 56],
  ])('%s', async (_name, catchUp, runCount, leastSkipped) => {
    const engines = await ScheduleEngines.create({ LOCKKEEPER_SCHEDULE_MISFIRE_MS: '0' });
    const dueAts: number[] = [];
    const test = testTask(
      'passed',
      async ({ dueAt }) => {
        dueAts.push(dueAt.getTime());
        return {};
      },
      { cron: '* * * * *', catchUp },
    );
    await engines.stop(await engines.start([test]));
    await engines.query(`DELETE FROM schedule_runs`);
    await engines.query(
      `UPDATE schedule_tasks SET settled_until = UTC_TIMESTAMP(3) - INTERVAL 60 MINUTE WHERE name = 'passed'`,
    );
    await engines.query(`UPDATE schedule_lease SET expires_at = UTC_TIMESTAMP(3)`);
    await engines.start([test]);
    const skipped = await waitUntil('the skipped slots', async () => {
      const found = await engines.history('passed');
      const done = found.filter(({ state, isCaughtUp }) => state === 'succeeded' && isCaughtUp);
      return done.length >= runCount && found.find(({ state }) => state === 'skipped');
    });
    expect(skipped).toMatchObject({ reason: 'missed' });
    expect(skipped.slots).toBeGreaterThanOrEqual(leastSkipped);
    expect(skipped.slots).toBeLessThanOrEqual(leastSkipped + 1);
    expect(dueAts.slice(0, runCount)).toEqual(dueAts.slice(0, runCount).toSorted((a, b) => a - b));
    await engines.dispose();
  });
});

describe('a worker', () => {
  it('does not start with tasks that make no sense, and says all that is wrong at once', async () => {
    const engines = await ScheduleEngines.create();
    const good = testTask('good', () => Promise.resolve({}));
    const unlisted = { ...good, task: { ...good.task, name: 'unlisted' } };
    const bad = [
      good,
      { ...good, task: { ...good.task } },
      {
        ...unlisted,
        task: { ...unlisted.task, name: 'Bad Name', cron: '61 * * * *', priority: 11, hardLimitMs: 5 },
      },
    ];
    const error = await engines.start(bad).catch((reason: Error) => reason);
    expect((error as Error).message).toMatch(/^The periodic tasks have \d problem\(s\):/);
    for (const part of [
      'Two tasks have the name good',
      'good has two handlers',
      'kebab-case',
      'priority 11',
      'hard limit of 5 ms',
      "'61 * * * *'",
    ]) {
      expect((error as Error).message).toContain(part);
    }
    await engines.dispose();
  });
});

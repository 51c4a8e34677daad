import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ScheduleOperations } from '../../src/modules/scheduler/index.js';
import { SlotRepository } from '../../src/modules/scheduler/store/slot.repository.js';
import type { TaskRun } from '../../src/platform/schedule/index.js';
import { ScheduleEngines, type TestTask, testTask } from '../factories/schedule-engines.js';
import { waitUntil } from '../factories/wait.js';

const system = { kind: 'system' } as const;

/** Until the signal is aborted. */
const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

describe('a slot', () => {
  let engines: ScheduleEngines;
  beforeAll(async () => {
    engines = await ScheduleEngines.create();
  });
  afterAll(() => engines.dispose());

  /** Starts a worker with one task, asks for a run by hand, and waits until the slot has ended. */
  async function runOnce(test: TestTask, settings: Record<string, string> = {}) {
    const app = await engines.start([test], settings);
    await app.get(ScheduleOperations).run(system, test.task.name, undefined);
    const ended = await waitUntil('the end of the run', async () => {
      const [record] = await engines.history(test.task.name);
      return record?.endedAt ? record : undefined;
    });
    await engines.stop(app);
    return ended;
  }

  it('is run once by eight processes that all say it is due', async () => {
    const runs: Date[] = [];
    const test = testTask(
      'contested',
      async ({ dueAt }) => {
        runs.push(dueAt);
        return { done: 1 };
      },
      { cron: '* * * * *', catchUp: { mode: 'all', max: 100 } },
    );
    const apps: INestApplicationContext[] = [];
    for (let count = 0; count < 8; count++) apps.push(await engines.start([test]));
    await engines.query(
      "UPDATE schedule_tasks SET settled_until = '2026-01-01 00:00:00' WHERE name = 'contested'",
    );
    const slots = Array.from({ length: 20 }, (_, minute) => new Date(Date.UTC(2026, 0, 1, 1, minute)));
    const outcomes = await Promise.all(
      slots.flatMap((dueAt) =>
        apps.map((app) =>
          app.get(SlotRepository).claim({ task: 'contested', dueAt, cron: '* * * * *', path: 'redis' }),
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'claimed')).toHaveLength(20);
    expect(outcomes.filter((outcome) => outcome === 'duplicate')).toHaveLength(140);
    const isOurs = (dueAt: Date) => slots.some((slot) => slot.getTime() === dueAt.getTime());
    await waitUntil('all runs', () => runs.filter(isOurs).length >= 20);
    await Promise.all(apps.map((app) => engines.stop(app)));
    expect(runs.filter(isOurs)).toHaveLength(20);
    const records = (await engines.history('contested')).filter(({ dueAt }) => isOurs(dueAt));
    expect(records.map(({ state, attempt }) => [state, attempt])).toEqual(slots.map(() => ['succeeded', 1]));
  });

  it('is refused if it was decided before, or its task is paused, or has another cron', async () => {
    const app = await engines.start([testTask('decided', () => Promise.resolve({}), { cron: '@hourly' })]);
    const operations = app.get(ScheduleOperations);
    const hour = (number: number) => new Date(Math.floor(Date.now() / 3_600_000 + number) * 3_600_000);
    const claim = (dueAt: Date, cron = '@hourly') =>
      app.get(SlotRepository).claim({ task: 'decided', dueAt, cron, path: 'redis' });
    expect(await claim(hour(-1))).toBe('refused');
    expect(await claim(hour(2), '* * * * *')).toBe('refused');
    await operations.pause(system, 'decided');
    expect(await claim(hour(2))).toBe('refused');
    await operations.resume(system, 'decided');
    expect(await claim(hour(2))).toBe('claimed');
    expect(await claim(hour(2))).toBe('duplicate');
    await operations.setCron(system, 'decided', '5 * * * *');
    expect(await claim(hour(3))).toBe('refused');
    await engines.stop(app);
  });

  it('is tried again after its delay, with the number of the try, until it succeeds', async () => {
    const tries: [attempt: number, atMs: number][] = [];
    const test = testTask(
      'flaky',
      async ({ attempt }) => {
        tries.push([attempt, performance.now()]);
        if (attempt < 3) throw new Error(`try ${attempt} fails`);
        return { done: 7 };
      },
      { retries: 3, retryDelayMs: 300 },
    );
    const record = await runOnce(test);
    expect(tries.map(([attempt]) => attempt)).toEqual([1, 2, 3]);
    for (let index = 1; index < 3; index++) {
      expect((tries[index]?.[1] ?? 0) - (tries[index - 1]?.[1] ?? 0)).toBeGreaterThan(250);
    }
    expect(record).toMatchObject({
      state: 'succeeded',
      attempt: 3,
      result: { done: 7 },
      error: null,
      path: 'manual',
    });
  });

  it('fails for good after its last try, with the stack of the error', async () => {
    const run = vi.fn(() => Promise.reject(new TypeError('no such thing')));
    const record = await runOnce(testTask('broken', run, { retries: 1 }));
    expect(run).toHaveBeenCalledTimes(2);
    expect(record).toMatchObject({ state: 'failed', attempt: 2, result: null });
    expect(record.error).toMatch(/^TypeError: no such thing\n\s+at .*schedule-runs\.test/);
    const [state] = await engines.query<object[]>(
      "SELECT last_outcome, last_success_at FROM schedule_tasks WHERE name = 'broken'",
    );
    expect(state).toEqual({ last_outcome: 'failed', last_success_at: null });
  });

  it('fails like any other if its handler throws before it waits for anything', async () => {
    const record = await runOnce(
      testTask('throws-at-once', () => {
        throw new Error('at once');
      }),
    );
    expect(record).toMatchObject({ state: 'failed', error: expect.stringContaining('at once') });
  });

  it('has its signal aborted at the soft limit, and what it did until then counts', async () => {
    const record = await runOnce(
      testTask(
        'long',
        async ({ signal }) => {
          await aborted(signal);
          return { done: 3 };
        },
        { softLimitMs: 100 },
      ),
    );
    expect(record).toMatchObject({ state: 'succeeded', reason: 'soft_limit', result: { done: 3 } });
  });

  it('is given up at the hard limit if it ignores its signal, and its late result changes nothing', async () => {
    let finish: (outcome: { done: number }) => void = () => undefined;
    let isOver = false;
    const test = testTask(
      'stubborn',
      async () => {
        const outcome = await new Promise<{ done: number }>((resolve) => (finish = resolve));
        isOver = true;
        return outcome;
      },
      { softLimitMs: 50, hardLimitMs: 150, retries: 3 },
    );
    const app = await engines.start([test]);
    await app.get(ScheduleOperations).run(system, 'stubborn', undefined);
    const isTimedOut = async () => (await engines.history('stubborn'))[0]?.state === 'timed_out';
    await waitUntil('the hard limit', isTimedOut);
    // The next one is not held up by it.
    await app.get(ScheduleOperations).run(system, 'stubborn', undefined);
    await waitUntil('the next run', async () => (await engines.history('stubborn')).length === 2);
    finish({ done: 1 });
    await waitUntil('the end of the handler', () => isOver);
    await waitUntil('the end of the second', isTimedOut);
    await engines.stop(app);
    for (const record of await engines.history('stubborn')) {
      expect(record).toMatchObject({ state: 'timed_out', reason: 'hard_limit', attempt: 1, result: null });
      expect(record.error).toContain('hard limit of 150 ms');
    }
  });

  it('does not run beside another slot of its task; then the latest that waited is run, the others are skipped', async () => {
    let running = 0;
    let mostRunning = 0;
    const runs: TaskRun[] = [];
    const gate = Promise.withResolvers<void>();
    const test = testTask(
      'overlapping',
      async (run) => {
        runs.push(run);
        mostRunning = Math.max(mostRunning, ++running);
        if (runs.length === 1) await gate.promise;
        running--;
        return {};
      },
      { cron: '* * * * * *' },
    );
    const apps = [await engines.start([test]), await engines.start([test])];
    await waitUntil('slots that are skipped', async () => {
      const records = await engines.history('overlapping');
      return records.filter(({ reason }) => reason === 'overlap').length >= 2;
    });
    gate.resolve();
    await waitUntil('a further run', () => runs.length >= 2);
    await Promise.all(apps.map((app) => engines.stop(app)));
    expect(mostRunning).toBe(1);
    const records = await engines.history('overlapping');
    expect(
      records.filter(({ reason }) => reason === 'overlap').every(({ state }) => state === 'skipped'),
    ).toBe(true);
    expect(new Set(runs.map(({ dueAt }) => dueAt.getTime())).size).toBe(runs.length);
  });

  it('is given back at once when its process stops, and begun anew by another without counting', async () => {
    const started: string[] = [];
    const test = (name: string): TestTask =>
      testTask('handed-over', async ({ signal, attempt }) => {
        started.push(`${name} ${attempt}`);
        if (name === 'first') await aborted(signal);
        return {};
      });
    const first = await engines.start([test('first')]);
    await first.get(ScheduleOperations).run(system, 'handed-over', undefined);
    await waitUntil('the first', () => started.length === 1);
    await engines.start([test('second')]);
    await engines.stop(first);
    await waitUntil(
      'the second',
      async () => (await engines.history('handed-over'))[0]?.state === 'succeeded',
    );
    expect(started).toEqual(['first 1', 'second 1']);
  });

  it('is taken over from a process that is not heard of any more, which counts as a try', async () => {
    const attempts: number[] = [];
    const test = testTask(
      'abandoned',
      async ({ attempt }) => {
        attempts.push(attempt);
        return {};
      },
      { retries: 1 },
    );
    const app = await engines.start([test], { LOCKKEEPER_SCHEDULE_HEARTBEAT_TIMEOUT_MS: '1000' });
    const insertRunning = (dueAt: string, attempt: number) =>
      engines.query(
        `INSERT INTO schedule_runs (task, due_at, path, state, running_task, start_at, attempt, process_id, process, heartbeat_at)
         VALUES ('abandoned', ?, 'redis', 'running', 'abandoned', ?, ?, UUID(), 'gone:1', UTC_TIMESTAMP(3))`,
        dueAt,
        dueAt,
        attempt,
      );
    await insertRunning('2026-01-01 00:00:00', 1);
    await waitUntil('the second try', () => attempts.length === 1);
    expect(attempts).toEqual([2]);
    await waitUntil('its end', async () => (await engines.history('abandoned'))[0]?.state === 'succeeded');
    await insertRunning('2026-01-02 00:00:00', 2);
    const failed = await waitUntil('the end of one without tries left', async () => {
      const [record] = await engines.history('abandoned');
      return record?.state === 'failed' && record;
    });
    expect(failed).toMatchObject({ reason: 'process_lost', attempt: 2 });
    expect(failed.error).toContain('gone:1');
    expect(attempts).toEqual([2]);
    await engines.stop(app);
  });

  it('loses its result if it was taken over meanwhile, and its signal is aborted', async () => {
    const gate = Promise.withResolvers<void>();
    const signals: AbortSignal[] = [];
    const test = testTask('taken-away', async ({ signal, attempt }) => {
      signals.push(signal);
      if (attempt === 1) await Promise.race([aborted(signal), gate.promise]);
      return { attempt };
    });
    const app = await engines.start([test], { LOCKKEEPER_SCHEDULE_HEARTBEAT_TIMEOUT_MS: '1000' });
    await app.get(ScheduleOperations).run(system, 'taken-away', undefined);
    await waitUntil('the first', () => signals.length === 1);
    await engines.query(
      `UPDATE schedule_runs SET process_id = UUID(), attempt = 2 WHERE task = 'taken-away'`,
    );
    await waitUntil('the abortion', () => signals[0]?.aborted);
    await delay(100);
    expect((await engines.history('taken-away'))[0]).toMatchObject({
      state: 'running',
      attempt: 2,
      result: null,
    });
    gate.resolve();
    await engines.query(`DELETE FROM schedule_runs WHERE task = 'taken-away'`);
    await engines.stop(app);
  });

  it('starts before less urgent ones when there is little room', async () => {
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const tasks = [
      testTask('blocker', async () => {
        await gate.promise;
        return {};
      }),
      ...[9, 1, 5].map((priority) =>
        testTask(
          `priority-${priority}`,
          async () => {
            order.push(`priority-${priority}`);
            return {};
          },
          { priority },
        ),
      ),
    ];
    const app = await engines.start(tasks, { LOCKKEEPER_SCHEDULE_CONCURRENCY: '1' });
    const operations = app.get(ScheduleOperations);
    await operations.run(system, 'blocker', undefined);
    await waitUntil('the blocker', async () => (await engines.history('blocker'))[0]?.state === 'running');
    for (const { task } of tasks.slice(1)) await operations.run(system, task.name, undefined);
    gate.resolve();
    await waitUntil('all', () => order.length === 3);
    expect(order).toEqual(['priority-1', 'priority-5', 'priority-9']);
    await engines.stop(app);
  });
});

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { scriptedFileTask } from '../fakes/task-kinds.js';
import { columnsWith, TestErasures } from '../factories/erasures.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { TestTasks } from '../factories/tasks.js';
import { createTestRedis } from '../factories/test-redis.js';
import type { TestUser } from '../factories/users.js';
import { bearer } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

describe('tasks and what may fail around them', () => {
  let redisUrl: string;
  let redis: TcpProxy;
  let tasks: TestTasks;
  let user: TestUser;
  beforeAll(async () => {
    redisUrl = await createTestRedis();
    redis = await createTcpProxy(redisUrl);
    tasks = await TestTasks.create({
      LOCKKEEPER_REDIS_URL: redis.url,
      LOCKKEEPER_REDIS_COMMAND_TIMEOUT_MS: '500',
      LOCKKEEPER_TASKS_READMIT_MS: '300',
      LOCKKEEPER_TASKS_HEARTBEAT_TIMEOUT_MS: '3000',
    });
    user = await tasks.user();
  });
  afterEach(async () => expect(await tasks.wrongNumbers()).toEqual([]));
  afterAll(() => tasks.close());

  it('are accepted while Redis is away, and run once when it is back', async () => {
    const worker = await tasks.startWorker();
    const runs = new Map<string, number>();
    const script = tasks.script(async ({ taskId }) => {
      runs.set(taskId, (runs.get(taskId) ?? 0) + 1);
      return {};
    });
    await redis.cut();
    const ids: string[] = [];
    for (let count = 0; count < 12; count++) ids.push(await tasks.submit(user, script));
    expect(await tasks.state(user, ids[0] ?? '')).toBe('queued');
    const cancelled = await tasks.submit(user, script);
    const { body } = await tasks.call(user, 'POST', `/api/tasks/${cancelled}/cancel`);
    expect(body.state).toBe('cancelled');
    expect(runs.size).toBe(0);
    await redis.restore();
    for (const id of ids) await tasks.waitFor(user, id, 'finished');
    expect([...runs.values()]).toEqual(ids.map(() => 1));
    await tasks.stopWorker(worker);
  });

  it('are run though Redis has lost what it was given, and once', async () => {
    const runs: number[] = [];
    const script = tasks.script(async ({ attempt }) => {
      runs.push(attempt);
      return {};
    });
    const ids = [await tasks.submit(user, script), await tasks.submit(user, script)];
    await waitUntil('both are at hand', async () => {
      const rows: { state: string }[] = await tasks.transactions.single.query(
        'SELECT state FROM tasks WHERE id IN (?)',
        [ids],
      );
      return rows.every(({ state }) => state === 'admitted');
    });
    const client = new Redis(redisUrl);
    await waitUntil('Redis has both', async () => {
      return (await client.llen('{lockkeeper}:file_processing:wait')) === 2;
    });
    await client.flushdb();
    await client.quit();
    const worker = await tasks.startWorker();
    for (const id of ids) await tasks.waitFor(user, id, 'finished');
    expect(runs).toEqual([1, 1]);
    await tasks.stopWorker(worker);
  });

  it('are run by another worker when theirs has died, which counts as a try', async () => {
    const worker = await tasks.startWorker();
    const aborted: string[] = [];
    const gate = Promise.withResolvers<void>();
    const script = tasks.script(async ({ attempt, signal }) => {
      if (attempt > 1) await gate.promise;
      else await once(signal, 'abort');
      if (signal.aborted) aborted.push(String(signal.reason));
      return { attempt };
    });
    const [id, last] = [
      await tasks.submit(user, script, { retries: 1 }),
      await tasks.submit(user, script, { retries: 0 }),
    ];
    for (const each of [id, last]) await tasks.waitFor(user, each, 'started');
    // As if another process had begun it, and had died.
    await tasks.transactions.single.query(
      'UPDATE tasks SET run_token = ?, heartbeat_at = UTC_TIMESTAMP(3) - INTERVAL 1 HOUR WHERE id IN (?)',
      [randomUUID(), [id, last]],
    );
    // Whoever had it before is told, and what it gives is not taken.
    const client = new Redis(redisUrl);
    await waitUntil('both first runs are over', async () => {
      const keys = [id, last].map((each) => `{lockkeeper}:file_processing:once-task-${each}-1`);
      return aborted.length === 2 && (await client.exists(...keys)) === 0;
    });
    await client.quit();
    expect(aborted[0]).toContain('lost');
    expect(await tasks.state(user, id)).toBe('started');
    gate.resolve();
    expect(await tasks.waitFor(user, id, 'finished')).toMatchObject({
      failures: 1,
      attempt: 2,
      result: { attempt: 2 },
    });
    expect(await tasks.waitFor(user, last, 'failed')).toMatchObject({
      reason: 'worker_lost',
      error: { code: 'task_worker_lost' },
    });
    await tasks.stopWorker(worker);
  });

  it('are given back by a worker that stops, which is no try', async () => {
    const begun: number[] = [];
    const script = tasks.script(({ attempt, signal }) => {
      begun.push(attempt);
      if (attempt > 1) return Promise.resolve({ attempt });
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('told'))));
    });
    const first = await tasks.startWorker({ LOCKKEEPER_SHUTDOWN_TIMEOUT_MS: '100' });
    const id = await tasks.submit(user, script, { retries: 0 });
    await tasks.waitFor(user, id, 'started');
    await tasks.stopWorker(first);
    expect(await tasks.read(user, id)).toMatchObject({ state: 'queued', failures: 0 });
    const second = await tasks.startWorker();
    expect(await tasks.waitFor(user, id, 'finished')).toMatchObject({ failures: 0, result: { attempt: 2 } });
    await tasks.stopWorker(second);
  });

  it('are finished by a worker that stops, if there is time', async () => {
    const gate = Promise.withResolvers<unknown>();
    const worker = await tasks.startWorker();
    const id = await tasks.submit(
      user,
      tasks.script(() => gate.promise),
    );
    await tasks.waitFor(user, id, 'started');
    const stopped = tasks.stopWorker(worker);
    gate.resolve({ ok: true });
    await stopped;
    expect(await tasks.read(user, id)).toMatchObject({ state: 'finished', attempt: 1 });
  });

  it('leave nothing of a user who is erased, and of others all', async () => {
    const marker = `marker-${randomUUID()}`;
    const [gone, other] = [await tasks.user(), await tasks.user()];
    const payload = { script: 'none', note: marker };
    const name = scriptedFileTask.name;
    const later = { delay_ms: 3_600_000 };
    await tasks.call(gone, 'POST', '/api/tasks', { name, payload, options: later });
    const steps = [
      { name, payload, options: later },
      { name, payload },
    ];
    await tasks.call(gone, 'POST', '/api/tasks/flows', { steps });
    const kept = await tasks.submit(other, 'none', later);
    expect(await columnsWith(tasks.transactions, marker)).toEqual(['tasks.payload']);
    const answer = await tasks.test.app.inject({
      method: 'DELETE',
      url: '/api/account',
      headers: bearer(gone.accessToken),
      payload: { password: gone.password },
    });
    expect(answer.statusCode).toBe(204);
    const erasures = new TestErasures(tasks.test);
    await erasures.sweep();
    expect(await erasures.of(gone.id)).toMatchObject({ finished_at: expect.any(Date) });
    expect(await columnsWith(tasks.transactions, marker)).toEqual([]);
    for (const table of ['tasks', 'task_lanes', 'task_flows']) {
      const rows = await tasks.transactions.single.query(`SELECT 1 FROM ${table} WHERE owner_id = ?`, [
        gone.id,
      ]);
      expect(rows, table).toEqual([]);
    }
    expect(await tasks.state(other, kept)).toBe('scheduled');
  });
});

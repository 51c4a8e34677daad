import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TaskAdmission, TaskService } from '../../src/modules/task/index.js';
import { scriptedFileTask, scriptedGraphTask } from '../fakes/task-kinds.js';
import { TestTasks } from '../factories/tasks.js';
import type { TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const WINDOW = 8;
const CONCURRENCY = 4;

describe('the turns of tasks', () => {
  let tasks: TestTasks;
  beforeAll(async () => {
    tasks = await TestTasks.create({
      LOCKKEEPER_TASKS_WINDOW: String(WINDOW),
      LOCKKEEPER_TASKS_MAX_RUNNING: '100',
      LOCKKEEPER_TASKS_MAX_WAITING: '3000',
    });
  });
  afterEach(async () => expect(await tasks.wrongNumbers()).toEqual([]));
  afterAll(() => tasks.close());

  /** Tasks that wait, as if they had been submitted one by one. */
  async function flood(owner: TestUser, script: string, count: number): Promise<void> {
    const rows = Array.from({ length: count }, (_, index) => [
      `${index.toString(16).padStart(8, '0')}-${randomUUID().slice(9)}`,
      owner.id,
      scriptedFileTask.queue,
      scriptedFileTask.name,
      'queued',
      JSON.stringify({ script }),
      5,
      0,
      0,
      60_000,
      60_000,
      60_000,
      new Date(),
    ]);
    await tasks.transactions.run(async (transaction) => {
      await transaction.query(
        `INSERT INTO tasks (id, owner_id, queue, name, state, payload, priority, max_retries, retry_interval_ms,
           timeout_ms, result_ttl_ms, failure_ttl_ms, created_at) VALUES ?`,
        [rows],
      );
      await transaction.query(
        'INSERT INTO task_lanes (owner_id, queue, is_waiting, queued) VALUES (?, ?, 1, ?)',
        [owner.id, scriptedFileTask.queue, count],
      );
    });
    tasks.test.app.get(TaskAdmission).hasten(scriptedFileTask.queue);
  }

  it('put a single task before the 2,000 that another user has waiting', async () => {
    const [many, one] = [await tasks.user(), await tasks.user()];
    let runs = 0;
    const script = tasks.script(async () => ({ runs: ++runs }));
    await flood(many, script, 2_000);
    const worker = await tasks.startWorker();
    await waitUntil('the flood runs', () => runs > 20);
    const id = await tasks.submit(
      one,
      tasks.script(async () => ({ runs })),
    );
    const before = runs;
    const { result } = await tasks.waitFor(one, id, 'finished');
    expect(result.runs - before).toBeLessThanOrEqual(WINDOW + CONCURRENCY);
    // Else it proves nothing.
    expect(runs).toBeLessThan(1_500);
    await tasks.stopWorker(worker);
    await tasks.transactions.run(async (transaction) => {
      await transaction.query('DELETE FROM tasks WHERE owner_id = ?', [many.id]);
      await transaction.query('DELETE FROM task_lanes WHERE owner_id = ?', [many.id]);
    });
  });

  it('alternate between users who have as many waiting, and follow priority and age within one', async () => {
    const users = [await tasks.user(), await tasks.user(), await tasks.user()];
    const order: string[] = [];
    for (const [index, user] of users.entries()) {
      for (const [number, priority] of [
        [1, 5],
        [2, 9],
        [3, 1],
        [4, 5],
      ]) {
        const script = tasks.script(async () => {
          order.push(`${index}:${number}`);
          return {};
        });
        await tasks.submit(user, script, { priority, delay_ms: 300 });
      }
    }
    await tasks.transactions.single.query('UPDATE tasks SET due_at = UTC_TIMESTAMP(3) + INTERVAL 1 SECOND');
    const worker = await tasks.startWorker({
      LOCKKEEPER_TASKS_WINDOW: '1',
      LOCKKEEPER_TASKS_POLL_MS: '1500',
    });
    await waitUntil('all have run', () => order.length === 12);
    for (const [index] of users.entries()) {
      const own = order.filter((each) => each.startsWith(`${index}:`));
      expect(own).toEqual([`${index}:3`, `${index}:1`, `${index}:4`, `${index}:2`]);
    }
    // In each round everybody has one turn.
    for (const round of [0, 1, 2, 3]) {
      const turns = order.slice(round * 3, round * 3 + 3).map((each) => each.charAt(0));
      expect(turns.toSorted()).toEqual(['0', '1', '2']);
    }
    await tasks.stopWorker(worker);
  });
});

describe('the limits of a user', () => {
  let tasks: TestTasks;
  let user: TestUser;
  beforeAll(async () => {
    tasks = await TestTasks.create({
      LOCKKEEPER_TASKS_MAX_WAITING: '5',
      LOCKKEEPER_TASKS_MAX_RUNNING: '2',
    });
    user = await tasks.user();
  });
  afterEach(async () => expect(await tasks.wrongNumbers()).toEqual([]));
  afterAll(() => tasks.close());

  it('are so many tasks that wait, over all queues, however many come at once', async () => {
    const names = [scriptedFileTask.name, scriptedGraphTask.name];
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        tasks.call(user, 'POST', '/api/tasks', {
          name: names[index % 2],
          payload: { script: 'none' },
          options: { delay_ms: 3_600_000 },
        }),
      ),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(5);
    expect(refused).toHaveLength(7);
    expect(refused[0]?.body).toMatchObject({ code: 'task_quota_exceeded', details: { limit: 5 } });
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0);
    // Another user is not concerned.
    await tasks.submit(await tasks.user(), 'none', { delay_ms: 3_600_000 });
    const { body } = await tasks.call(user, 'GET', '/api/tasks?state=scheduled');
    await tasks.call(user, 'POST', `/api/tasks/${body.items[0].id}/cancel`);
    await tasks.submit(user, 'none', { delay_ms: 3_600_000 });
  });

  it('are so many that run at once in a queue', async () => {
    const owner = await tasks.user();
    const worker = await tasks.startWorker();
    let [running, most] = [0, 0];
    const gate = Promise.withResolvers<void>();
    const script = tasks.script(async () => {
      most = Math.max(most, ++running);
      await gate.promise;
      running--;
      return {};
    });
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) ids.push(await tasks.submit(owner, script));
    await waitUntil('two run', () => running === 2);
    // Another user's passes by.
    const other = await tasks.user();
    await tasks.waitFor(other, await tasks.submit(other, 'none'), 'finished');
    expect(running).toBe(2);
    gate.resolve();
    for (const id of ids) await tasks.waitFor(owner, id, 'finished');
    expect(most).toBe(2);
    await tasks.stopWorker(worker);
  });

  it('do not count a task twice that is submitted twice under a key', async () => {
    const owner = await tasks.user();
    const submit = (key: string, name = scriptedFileTask.name) =>
      tasks.call(owner, 'POST', '/api/tasks', {
        name,
        payload: { script: 'none' },
        options: { delay_ms: 3_600_000, deduplication_key: key },
      });
    const answers = await Promise.all(Array.from({ length: 8 }, () => submit('a')));
    expect(new Set(answers.map(({ body }) => body.task_id)).size).toBe(1);
    expect(answers.filter(({ body }) => !body.is_duplicate)).toHaveLength(1);
    const id = answers[0]?.body.task_id;
    const different = [await submit('b'), await submit('a', scriptedGraphTask.name)];
    expect(different.map(({ body }) => body.is_duplicate)).toEqual([false, false]);
    await tasks.call(owner, 'POST', `/api/tasks/${id}/cancel`);
    const next = await submit('a');
    expect(next.body).toMatchObject({ is_duplicate: false, state: 'scheduled' });
    const requeued = await tasks.call(owner, 'POST', `/api/tasks/${id}/requeue`);
    expect([requeued.status, requeued.body.code]).toEqual([409, 'task_is_duplicate']);
  });

  it('hold for what our own code puts in, together with a transaction of its own', async () => {
    const owner = await tasks.user();
    const service = tasks.test.app.get(TaskService);
    const failed = tasks.transactions.run(async (transaction) => {
      await service.submitWithin(transaction, owner.id, scriptedFileTask, { script: 'none' });
      throw new Error('of the caller');
    });
    await expect(failed).rejects.toThrow('of the caller');
    expect((await tasks.call(owner, 'GET', '/api/tasks')).body.items).toEqual([]);
    const { taskId } = await tasks.transactions.run((transaction) =>
      service.submitWithin(transaction, owner.id, scriptedFileTask, { script: 'none' }),
    );
    expect(await tasks.state(owner, taskId)).toBe('queued');
  });

  it.each([
    ['an unknown kind', { name: 'none', payload: {} }, 'task_kind_unknown'],
    ['a kind of ours', { name: 'test.hidden-kg-extraction', payload: { script: 'x' } }, 'task_kind_unknown'],
    ['a payload that does not fit', { name: scriptedFileTask.name, payload: {} }, 'invalid_request'],
    [
      'a payload that is too large',
      { name: scriptedFileTask.name, payload: { script: 'x'.repeat(70_000) } },
      'invalid_request',
    ],
    ['a time limit out of bounds', withOptions({ timeout_ms: 21_600_001 }), 'invalid_request'],
    ['too many retries', withOptions({ retries: 21 }), 'invalid_request'],
    ['a priority of none', withOptions({ priority: 0 }), 'invalid_request'],
    ['a delay and a time', withOptions({ delay_ms: 5, at: '2030-01-01T00:00:00Z' }), 'invalid_request'],
    ['an option that there is not', withOptions({ ttl: 5 }), 'invalid_request'],
  ])('refuse %s', async (_what, payload, code) => {
    const answer = await tasks.call(user, 'POST', '/api/tasks', payload);
    expect([answer.status, answer.body.code]).toEqual([422, code]);
  });

  function withOptions(options: object) {
    return { name: scriptedFileTask.name, payload: { script: 'none' }, options };
  }
});

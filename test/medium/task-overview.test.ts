import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scriptedVectorTask } from '../fakes/task-kinds.js';
import { TestOperator } from '../factories/operator.js';
import { TestTasks } from '../factories/tasks.js';
import type { TestUser } from '../factories/users.js';

const URL = '/api/admin/tasks/queues';
const NOTHING = { count: 0, p50: null, p95: null, max: null };

describe('the overview of the queues of tasks', () => {
  let tasks: TestTasks;
  let operator: TestOperator;
  beforeAll(async () => {
    tasks = await TestTasks.create({ LOCKKEEPER_TASKS_MAX_RUNNING: '2', LOCKKEEPER_TASKS_WINDOW: '5' });
    operator = await TestOperator.create(tasks.test);
  });
  afterAll(() => tasks.close());

  const read = async (path = '') => (await operator.call({ url: `${URL}${path}` })).body;
  const queue = async (name: string) =>
    (await read()).items.find((each: { name: string }) => each.name === name);

  it('tells of every queue, of one without tasks too', async () => {
    const none = { queued: 0, started: 0, finished: 0, failed: 0, deferred: 0, scheduled: 0, cancelled: 0 };
    const empty = { counts: none, waiting_users: 0, waited_ms: NOTHING, ran_ms: NOTHING };
    expect(await read()).toEqual({
      items: [
        { name: 'file_processing', ...empty },
        { name: 'vectorization', ...empty },
        { name: 'kg_extraction', ...empty },
      ],
    });
    expect(await read('/vectorization/lanes')).toEqual({ turn: 0, max_running: 2, window: 5, items: [] });
  });

  describe('in which users wait', () => {
    let [many, few, lone]: (TestUser | undefined)[] = [];
    const submit = (user: TestUser | undefined, options = {}) =>
      tasks.submit(user ?? expect.fail(), 'none', options);
    beforeAll(async () => {
      many = await tasks.user();
      for (let count = 0; count < 7; count++) await submit(many);
      few = await tasks.user();
      for (let count = 0; count < 3; count++) await submit(few);
      lone = await tasks.user();
      await submit(lone);
      await submit(lone, { delay_ms: 3_600_000 });
    });

    const lane = (user: TestUser | undefined, numbers: object) => ({
      user_id: user?.id,
      turn: expect.any(Number),
      started: 0,
      scheduled: 0,
      deferred: 0,
      ...numbers,
    });

    it('has the lanes by their turn, and those that do not wait last', async () => {
      // Nobody works, so that what was admitted stays at hand: two of each, of which one has no more.
      await expect
        .poll(async () => (await read('/file_processing/lanes')).items)
        .toEqual([
          lane(many, { is_waiting: true, is_at_limit: true, queued: 5, at_hand: 2 }),
          lane(few, { is_waiting: true, is_at_limit: true, queued: 1, at_hand: 2 }),
          lane(lone, { is_waiting: false, is_at_limit: false, queued: 0, at_hand: 1, scheduled: 1 }),
        ]);
      const { items, turn } = await read('/file_processing/lanes');
      const turns = items.slice(0, 2).map((each: { turn: number }) => each.turn);
      expect(turns).toEqual(turns.toSorted((a: number, b: number) => a - b));
      expect(turn).toBeGreaterThan(0);
    });

    it('shows no more lanes than it is asked for', async () => {
      const limited = async (limit: number) =>
        (await read(`/file_processing/lanes?limit=${limit}`)).items.map(
          (each: { user_id: string }) => each.user_id,
        );
      expect(await limited(1)).toEqual([many?.id]);
      expect(await limited(2)).toEqual([many?.id, few?.id]);
      expect(await limited(3)).toEqual([many?.id, few?.id, lone?.id]);
      for (const limit of ['0', '101', 'all']) {
        const answer = await operator.call({ url: `${URL}/file_processing/lanes?limit=${limit}` });
        expect([answer.status, answer.body.code]).toEqual([422, 'invalid_request']);
      }
    });

    it('counts tasks that are at hand as queued, and the users who wait', async () => {
      expect(await queue('file_processing')).toMatchObject({
        counts: { queued: 11, scheduled: 1, started: 0, finished: 0 },
        waiting_users: 2,
      });
    });
  });

  it('tells how long tasks waited and ran', async () => {
    const user = await tasks.user();
    const ids = [];
    const slow = tasks.script(async () => {
      await new Promise((resolve) => setTimeout(resolve, 120));
      return {};
    });
    for (let count = 0; count < 4; count++)
      ids.push(await tasks.submit(user, slow, {}, scriptedVectorTask.name));
    await tasks.startWorker();
    for (const id of ids) await tasks.waitFor(user, id, 'finished');
    const { ran_ms: ran, waited_ms: waited, counts } = await queue('vectorization');
    expect(counts).toMatchObject({ finished: 4, queued: 0 });
    expect([ran.count, waited.count]).toEqual([4, 4]);
    expect(ran.p50).toBeGreaterThan(100);
    expect(ran.p95).toBeGreaterThanOrEqual(ran.p50);
    expect(ran.max).toBeGreaterThanOrEqual(ran.p95);
    // Two of a user run at once, so the last two waited for the first.
    expect(waited.max).toBeGreaterThan(100);
  });

  it('is for operators alone, and about queues that there are', async () => {
    const { apiKey } = await tasks.user();
    for (const path of ['', '/vectorization/lanes']) {
      expect((await operator.call({ url: `${URL}${path}`, token: apiKey })).status).toBe(403);
    }
    const answer = await operator.call({ url: `${URL}/none/lanes` });
    expect([answer.status, answer.body.code]).toEqual([404, 'task_queue_not_found']);
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TaskService } from '../../src/modules/task/index.js';
import { hiddenTask, scriptedFileTask } from '../fakes/task-kinds.js';
import { TestTasks } from '../factories/tasks.js';
import type { TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

describe('tasks that run', () => {
  let tasks: TestTasks;
  let user: TestUser;
  beforeAll(async () => {
    tasks = await TestTasks.create({ LOCKKEEPER_TASKS_MAX_RUNNING: '20' });
    user = await tasks.user();
    await tasks.startWorker();
  });
  afterEach(async () => expect(await tasks.wrongNumbers()).toEqual([]));
  afterAll(() => tasks.close());

  const submit = (script: string, options?: Record<string, unknown>) => tasks.submit(user, script, options);

  it('finish with their result, told to their owner alone', async () => {
    const id = await submit(tasks.script(async ({ attempt }) => ({ pages: 3, attempt })));
    const task = await tasks.waitFor(user, id, 'finished');
    expect(task).toMatchObject({
      name: scriptedFileTask.name,
      queue: 'file_processing',
      result: { pages: 3, attempt: 1 },
      reason: null,
      error: null,
      failures: 0,
    });
    const lifeMs = Date.parse(task.expires_at) - Date.parse(task.ended_at);
    expect(lifeMs).toBe(86_400_000);
    const result = await tasks.call(user, 'GET', `/api/tasks/${id}/result`);
    expect(result.body).toEqual({ result: { pages: 3, attempt: 1 } });
    const other = await tasks.user();
    for (const path of ['', '/result']) {
      const answer = await tasks.call(other, 'GET', `/api/tasks/${id}${path}`);
      expect([answer.status, answer.body.code]).toEqual([404, 'task_not_found']);
    }
    for (const deed of ['cancel', 'requeue']) {
      expect((await tasks.call(other, 'POST', `/api/tasks/${id}/${deed}`)).status).toBe(404);
    }
  });

  it('are tried again after their interval, and fail for good after the last retry', async () => {
    const seen: number[] = [];
    const script = tasks.script(async ({ attempt }) => {
      seen.push(attempt);
      throw new Error(`broken, Bearer abcdefghijkl ${attempt}`);
    });
    const id = await submit(script, { retries: 2, retry_interval_ms: 10 });
    const task = await tasks.waitFor(user, id, 'failed');
    expect(seen).toEqual([1, 2, 3]);
    expect(task).toMatchObject({ reason: 'error', failures: 3, attempt: 3, error: { code: 'task_failed' } });
    expect(task.error.message).toContain('broken');
    expect(task.error.message).not.toContain('abcdefghijkl');
    expect(JSON.stringify(task)).not.toContain('task-runs.test');
    const [row] = await tasks.transactions.single.query('SELECT error_stack FROM tasks WHERE id = ?', [id]);
    expect(row.error_stack).toContain('task-runs.test');
  });

  it('wait for their interval before they are tried again', async () => {
    const script = tasks.script(() => Promise.reject(new Error('of a test')));
    const id = await submit(script, { retries: 1, retry_interval_ms: 3_600_000 });
    const task = await tasks.waitFor(user, id, 'scheduled');
    expect(task.failures).toBe(1);
    expect(Date.parse(task.due_at) - Date.now()).toBeGreaterThan(3_500_000);
    await tasks.call(user, 'POST', `/api/tasks/${id}/cancel`);
  });

  it('are not tried again where that is of no use', async () => {
    const id = await tasks.submit(
      user,
      tasks.script(async () => 'not an object'),
      { retries: 5 },
    );
    const task = await tasks.waitFor(user, id, 'failed');
    expect(task).toMatchObject({ failures: 1, error: { code: 'task_result_invalid' } });
  });

  it('are ended at their time limit, also if they ignore their signal', async () => {
    const never = tasks.script(() => new Promise(() => undefined));
    const id = await submit(never, { timeout_ms: 1_000, retries: 0 });
    const task = await tasks.waitFor(user, id, 'failed');
    expect(task).toMatchObject({ reason: 'timed_out', error: { code: 'task_timed_out' } });
    const tookMs = Date.parse(task.ended_at) - Date.parse(task.started_at);
    expect(tookMs).toBeGreaterThanOrEqual(1_900);
    expect(tookMs).toBeLessThan(8_000);
  });

  it('hear within two seconds that they are cancelled', async () => {
    let told = 0;
    const script = tasks.script(
      ({ signal }) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => {
            told = Date.now();
            reject(new Error('told'));
          }),
        ),
    );
    const id = await submit(script);
    await tasks.waitFor(user, id, 'started');
    const cancelledAt = Date.now();
    expect((await tasks.call(user, 'POST', `/api/tasks/${id}/cancel`)).body.state).toBe('started');
    const task = await tasks.waitFor(user, id, 'cancelled');
    expect(task).toMatchObject({ reason: 'cancelled', failures: 0 });
    expect(told - cancelledAt).toBeLessThan(2_000);
    const again = await tasks.call(user, 'POST', `/api/tasks/${id}/cancel`);
    expect([again.status, again.body.code]).toEqual([409, 'task_in_other_state']);
  });

  it('begin at their time', async () => {
    const script = tasks.script(async () => ({ at: Date.now() }));
    const at = new Date(Date.now() + 700);
    const delayed = await submit(script, { delay_ms: 700 });
    const timed = await submit(script, { at: at.toISOString() });
    expect(await tasks.state(user, delayed)).toBe('scheduled');
    expect((await tasks.waitFor(user, timed, 'finished')).result.at).toBeGreaterThanOrEqual(at.getTime());
    const { created_at, started_at } = await tasks.waitFor(user, delayed, 'finished');
    expect(Date.parse(started_at) - Date.parse(created_at)).toBeGreaterThanOrEqual(700);
    const past = await submit(script, { at: '2020-01-01T00:00:00Z' });
    await tasks.waitFor(user, past, 'finished');
  });

  it('can be run again when they failed', async () => {
    let isBroken = true;
    const script = tasks.script(() =>
      isBroken ? Promise.reject(new Error('broken')) : Promise.resolve({ ok: true }),
    );
    const id = await submit(script, { retries: 0 });
    await tasks.waitFor(user, id, 'failed');
    isBroken = false;
    const { status, body } = await tasks.call(user, 'POST', `/api/tasks/${id}/requeue`);
    expect([status, body.state, body.error, body.failures]).toEqual([200, 'queued', null, 0]);
    expect(await tasks.waitFor(user, id, 'finished')).toMatchObject({ result: { ok: true }, attempt: 2 });
    const again = await tasks.call(user, 'POST', `/api/tasks/${id}/requeue`);
    expect([again.status, again.body.details]).toEqual([409, { state: 'finished' }]);
  });

  it('are gone for readers as soon as their time is over, and deleted soon after', async () => {
    const finished = await submit('none', { result_ttl_ms: 1_000 });
    await tasks.waitFor(user, finished, 'finished');
    const codes = new Set<string>();
    await waitUntil('the row is deleted', async () => {
      const { status, body } = await tasks.call(user, 'GET', `/api/tasks/${finished}`);
      if (status === 404) codes.add(body.code);
      const [row] = await tasks.transactions.single.query(
        'SELECT expires_at <= UTC_TIMESTAMP(3) AS is_over FROM tasks WHERE id = ?',
        [finished],
      );
      if (row && status === 200) expect(Date.parse(body.expires_at)).toBeGreaterThan(Date.now() - 500);
      return row === undefined;
    });
    expect([...codes]).toContain('task_expired');
    const failed = await submit(
      tasks.script(() => Promise.reject(new Error('x'))),
      { retries: 0, failure_ttl_ms: 1_000, result_ttl_ms: 60_000 },
    );
    await waitUntil('it is gone', async () => {
      return (await tasks.call(user, 'GET', `/api/tasks/${failed}`)).body.code === 'task_not_found';
    });
  });

  it('on a subject are cancelled with it', async () => {
    const subject = randomUUID();
    const script = tasks.script(
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('told')))),
    );
    const service = tasks.test.app.get(TaskService);
    const running = await service.submit(user.id, hiddenTask, { script, subject });
    await tasks.waitFor(user, running.taskId, 'started');
    const later = await service.submit(user.id, hiddenTask, { script, subject }, { delayMs: 60_000 });
    const other = await service.submit(user.id, hiddenTask, { script }, { delayMs: 60_000 });
    await service.cancelOf(subject);
    expect(await tasks.read(user, later.taskId)).toMatchObject({
      state: 'cancelled',
      reason: 'subject_removed',
    });
    await tasks.waitFor(user, running.taskId, 'cancelled');
    expect(await tasks.state(user, other.taskId)).toBe('scheduled');
  });
});

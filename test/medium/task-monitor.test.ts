import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { scriptedVectorTask } from '../fakes/task-kinds.js';
import { TestOperator } from '../factories/operator.js';
import { TestTasks } from '../factories/tasks.js';
import type { TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const URL = '/api/v1/rq';
const REASON = { reason: 'stuck since the deployment, TICKET-12' };
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe('the monitor of the queues of tasks', () => {
  let tasks: TestTasks;
  let user: TestUser;
  let operator: TestOperator;
  const ended = new Set<() => void>();
  beforeAll(async () => {
    tasks = await TestTasks.create();
    user = await tasks.user();
    operator = await TestOperator.create(tasks.test);
    await tasks.startWorker();
  });
  // The worker has few places.
  afterEach(() => {
    for (const end of ended) end();
    ended.clear();
  });
  afterAll(() => tasks.close());

  const get = async (path: string) => (await operator.call({ url: `${URL}${path}` })).body;
  /** A task that runs until the test ends it. */
  function running(): { script: string; end: () => void } {
    const gate = Promise.withResolvers<unknown>();
    const end = () => gate.resolve({ pages: 1 });
    ended.add(end);
    return { script: tasks.script(() => gate.promise), end };
  }
  const failing = () => tasks.script(() => Promise.reject(new Error('broken file')));

  it('names the queues', async () => {
    expect(await get('/queues')).toEqual({
      success: true,
      data: { queues: ['file_processing', 'vectorization', 'kg_extraction'], count: 3 },
      message: '3 queues.',
    });
  });

  it('gives the numbers of each queue', async () => {
    const none = { queued: 0, started: 0, finished: 0, failed: 0, total: 0 };
    const { script, end } = running();
    const submit = (what: string, options = {}) =>
      tasks.submit(user, what, { retries: 0, ...options }, scriptedVectorTask.name);
    await tasks.waitFor(user, await submit('none'), 'finished');
    await tasks.waitFor(user, await submit(failing()), 'failed');
    const four = await Promise.all(Array.from({ length: 4 }, () => submit(script)));
    for (const id of four) await tasks.waitFor(user, id, 'started');
    // One more than a user may run at once, and one that waits for its time and is in no number here.
    await submit('none');
    await submit('none', { delay_ms: 60_000 });
    const stats = { queue_name: 'vectorization', queued: 1, started: 4, finished: 1, failed: 1, total: 7 };
    expect(await get('/queues/vectorization/stats')).toEqual({
      success: true,
      data: stats,
      message: 'vectorization in numbers.',
    });
    expect(await get('/queues/stats')).toEqual({
      success: true,
      data: {
        queues: {
          file_processing: { queue_name: 'file_processing', ...none },
          vectorization: stats,
          kg_extraction: { queue_name: 'kg_extraction', ...none },
        },
      },
      message: '3 queues in numbers.',
    });
    end();
    for (const id of four) await tasks.waitFor(user, id, 'finished');
  });

  it.each(['queued', 'started', 'finished', 'failed', 'deferred', 'scheduled', 'cancelled'])(
    'lists the jobs that are %s',
    async (status) => {
      const id = await inState(status);
      const { success, data, message } = await get(`/queues/file_processing/jobs?status=${status}&limit=100`);
      expect([success, message]).toEqual([true, `${data.count} jobs of file_processing.`]);
      expect(data).toEqual({
        queue_name: 'file_processing',
        jobs: expect.any(Array),
        count: data.jobs.length,
      });
      expect(data.jobs.every((job: { status: string }) => job.status === status)).toBe(true);
      expect(data.jobs.find((job: { job_id: string }) => job.job_id === id)).toEqual({
        job_id: id,
        queue_name: 'file_processing',
        func_name: 'test.run-file-processing',
        status,
        user_id: expect.any(String),
        created_at: instant,
        started_at: ['started', 'finished', 'failed'].includes(status) ? instant : null,
        ended_at: ['finished', 'failed', 'cancelled'].includes(status) ? instant : null,
        exc_info: status === 'failed' ? expect.stringMatching(/broken file[^]*task-monitor/) : null,
      });
    },
  );

  /** A task of a user of its own in this state. */
  async function inState(status: string): Promise<string> {
    const owner = await tasks.user();
    const { script } = running();
    if (status === 'deferred') {
      const name = 'test.run-file-processing';
      const { body } = await tasks.call(owner, 'POST', '/api/tasks/flows', {
        steps: [
          { name, payload: { script } },
          { name, payload: { script } },
        ],
      });
      return body.steps[1][0];
    }
    if (status === 'queued') {
      for (let count = 0; count < 4; count++) await tasks.submit(owner, script);
    }
    const scripts: Record<string, string> = { started: script, failed: failing() };
    const isLater = ['scheduled', 'cancelled'].includes(status);
    const options = { retries: 0, ...(isLater && { delay_ms: 60_000 }) };
    const id = await tasks.submit(owner, scripts[status] ?? 'none', options);
    if (status === 'cancelled') await tasks.call(owner, 'POST', `/api/tasks/${id}/cancel`);
    await tasks.waitFor(owner, id, status);
    return id;
  }

  it('lists ten jobs, the newest first, unless it is asked for more or fewer', async () => {
    const owner = await tasks.user();
    const ids: string[] = [];
    for (let count = 0; count < 12; count++) {
      ids.push(await tasks.submit(owner, 'none', { delay_ms: 60_000 }));
    }
    const idsOf = async (query: string) =>
      (await get(`/queues/file_processing/jobs?status=scheduled${query}`)).data.jobs.map(
        ({ job_id }: { job_id: string }) => job_id,
      );
    expect(await idsOf('')).toEqual(ids.toReversed().slice(0, 10));
    expect(await idsOf('&limit=3')).toEqual(ids.toReversed().slice(0, 3));
    for (const limit of ['0', '101', 'all']) {
      const { status } = await operator.call({ url: `${URL}/queues/file_processing/jobs?limit=${limit}` });
      expect(status).toBe(422);
    }
  });

  it('lists the workers with what they do', async () => {
    const owner = await tasks.user();
    const { script, end } = running();
    const id = await tasks.submit(owner, script, {}, scriptedVectorTask.name);
    await tasks.waitFor(owner, id, 'started');
    const all = await waitUntil('the worker has beaten', async () => {
      const answer = await get('/workers');
      return answer.data.count === 1 && answer;
    });
    expect(all).toEqual({
      success: true,
      data: {
        workers: [
          {
            name: expect.stringMatching(/^worker-0\..+\.\d+$/),
            state: 'busy',
            queues: ['file_processing', 'vectorization', 'kg_extraction'],
            current_job_id: expect.any(String),
            birth_date: instant,
          },
        ],
        count: 1,
      },
      message: '1 workers.',
    });
    end();
    await tasks.waitFor(owner, id, 'finished');
  });

  it('tells all of a job, cancels it, and has it run again', async () => {
    const owner = await tasks.user();
    const id = await tasks.submit(owner, 'none', { delay_ms: 60_000, priority: 2 });
    const cancelled = await operator.call({
      method: 'POST',
      url: `${URL}/jobs/${id}/cancel`,
      payload: REASON,
    });
    expect(cancelled.audited).toMatchObject([
      { action: 'task.cancelled', subject_kind: 'task', subject_id: id, reason: REASON.reason },
    ]);
    expect(cancelled.body).toEqual({
      success: true,
      data: {
        job_id: id,
        queue_name: 'file_processing',
        func_name: 'test.run-file-processing',
        status: 'cancelled',
        user_id: owner.id,
        created_at: instant,
        started_at: null,
        ended_at: instant,
        exc_info: null,
        args: { script: 'none' },
        result: null,
        reason: 'cancelled',
        priority: 2,
        attempts: 0,
        failures: 0,
        max_retries: 3,
        retry_interval_ms: 60_000,
        timeout_ms: 3_600_000,
        result_ttl_ms: 86_400_000,
        failure_ttl_ms: 86_400_000,
        step: null,
        flow_id: null,
        due_at: instant,
        expires_at: instant,
      },
      message: `The job ${id} is cancelled.`,
    });
    const requeued = await operator.call({
      method: 'POST',
      url: `${URL}/jobs/${id}/requeue`,
      payload: REASON,
    });
    expect(requeued.status).toBe(200);
    expect(requeued.audited).toMatchObject([{ action: 'task.requeued' }]);
    await tasks.waitFor(owner, id, 'finished');
    expect(await get(`/jobs/${id}`)).toMatchObject({
      success: true,
      data: { job_id: id, status: 'finished', result: { script: 'none' } },
      message: `The job ${id}.`,
    });
    const again = await operator.call({ method: 'POST', url: `${URL}/jobs/${id}/cancel`, payload: REASON });
    expect([again.status, again.body.code]).toEqual([409, 'task_in_other_state']);
  });

  it.each([
    ['GET', '/queues/none/stats', 404, 'task_queue_not_found'],
    ['GET', '/queues/none/jobs', 404, 'task_queue_not_found'],
    ['GET', '/queues/file_processing/jobs?status=lost', 422, 'invalid_request'],
    ['GET', `/jobs/${randomUUID()}`, 404, 'task_not_found'],
    ['POST', `/jobs/${randomUUID()}/cancel`, 404, 'task_not_found'],
    ['POST', `/jobs/${randomUUID()}/requeue`, 404, 'task_not_found'],
  ] as const)('refuses %s %s', async (method, path, status, code) => {
    const payload = method === 'POST' ? REASON : undefined;
    const answer = await operator.call({ method, url: `${URL}${path}`, payload });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('is for operators alone', async () => {
    const paths = ['/queues', '/queues/stats', '/queues/vectorization/stats', '/workers'];
    for (const path of paths) {
      for (const [token, status] of [
        [user.apiKey, 403],
        ['', 401],
      ] as const) {
        expect((await operator.call({ url: `${URL}${path}`, token })).status).toBe(status);
      }
    }
  });
});

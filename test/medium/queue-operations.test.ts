import { randomUUID } from 'node:crypto';
import { Queue, Worker } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { saveTurns } from '../../src/modules/conversation/index.js';
import { JobQueue } from '../../src/platform/queue/index.js';
import { TestChatter } from '../factories/chat.js';
import { TestOperator } from '../factories/operator.js';
import { pauseSchedules } from '../factories/paused-schedules.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestRedis } from '../factories/test-redis.js';
import { createTestWorker } from '../factories/test-worker.js';
import { createUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const URL = '/api/admin/queues';
const PREFIX = '{lockkeeper}';
const REASON = { reason: '重试 after the outage, TICKET-12' };

interface JobItem {
  id: string;
  ended_at: string;
}

describe('operators of the queues', () => {
  let redis: TcpProxy;
  let redisUrl: string;
  let test: TestApp;
  let operator: TestOperator;
  const open: { close(): Promise<unknown> }[] = [];
  beforeAll(async () => {
    redisUrl = await createTestRedis();
    redis = await createTcpProxy(redisUrl);
    test = await createTestApp({ LOCKKEEPER_REDIS_URL: redis.url });
    operator = await TestOperator.create(test);
  });
  beforeEach(async () => {
    for (const name of ['message_index', ...shards]) await rawQueue(name).obliterate({ force: true });
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
  });
  afterAll(() => test.close());

  const shards = Array.from({ length: 8 }, (_, shard) => `conversation-saves-${shard}`);
  const connection = () => ({ url: redisUrl, maxRetriesPerRequest: null });

  function rawQueue(name: string): Queue {
    const queue = new Queue(name, { connection: connection(), prefix: PREFIX });
    open.push(queue);
    return queue;
  }

  /** A worker that is not ours, so that jobs can be anything and end as they should. */
  function startWorker(name: string, work: (data: { fails?: boolean }) => Promise<unknown>): Worker {
    const worker = new Worker(name, (job) => work(job.data), { connection: connection(), prefix: PREFIX });
    open.push(worker);
    return worker;
  }

  function failing({ fails = true }: { fails?: boolean }): Promise<void> {
    return fails ? Promise.reject(new Error('the embedder said lk_0123456789abcdef')) : Promise.resolve();
  }

  async function counts(name: string): Promise<Record<string, number>> {
    return (await operator.call({ url: `${URL}/${name}` })).body.counts;
  }

  /** The ids of all jobs in a state, page by page. */
  async function listAll(name: string, state: string, limit: number, meanwhile?: () => Promise<unknown>) {
    const seen: JobItem[] = [];
    for (let cursor = ''; ;) {
      const page = await operator.call({
        url: `${URL}/${name}/jobs?state=${state}&limit=${limit}${cursor}`,
      });
      expect(page.status).toBe(200);
      expect(page.body.items.length).toBeLessThanOrEqual(limit);
      seen.push(...(page.body.items as JobItem[]));
      if (page.body.next_cursor === null) return seen;
      cursor = `&cursor=${page.body.next_cursor}`;
      await meanwhile?.();
    }
  }

  describe('see', () => {
    it('what waits in each queue, for how long, and whether it is paused', async () => {
      await rawQueue('message_index').add('x', {}, { timestamp: Date.now() - 60_000 });
      await test.app.get(JobQueue).enqueue(saveTurns, { shard: 3 });
      const { body } = await operator.call({ url: URL });
      expect(body).toMatchObject({
        items: [
          { name: 'conversation-saves', is_paused: false, is_drainable: true, counts: { waiting: 1 } },
          { name: 'file_processing' },
          { name: 'kg_extraction' },
          { name: 'message_index', counts: { waiting: 1, active: 0, delayed: 0, failed: 0, completed: 0 } },
          { name: 'vectorization' },
        ],
        next_cursor: null,
      });
      const age = body.items[3].oldest_waiting_age_ms;
      expect(age).toBeGreaterThanOrEqual(60_000);
      expect(age).toBeLessThan(90_000);
    });

    it('a job with its tries, its times and where it failed, and none of its secrets', async () => {
      const { id = '' } = await rawQueue('message_index').add(
        'search.index-turns.v1',
        { turn_ids: ['t'], api_key: 'hunter2', nested: [{ password: 'hunter2' }] },
        { attempts: 2, backoff: 1 },
      );
      startWorker('message_index', failing);
      await waitUntil('a failed job', async () => (await counts('message_index'))['failed'] === 1);
      const { body } = await operator.call({ url: `${URL}/message_index/jobs/${id}` });
      expect(body).toMatchObject({
        id,
        name: 'search.index-turns.v1',
        state: 'failed',
        attempts: 2,
        max_attempts: 2,
        due_at: null,
        error: 'the embedder said [redacted]',
        data: { turn_ids: ['t'], api_key: '[redacted]', nested: [{ password: '[redacted]' }] },
        is_data_cut: false,
        stack: expect.stringContaining('queue-operations.test.ts'),
      });
      const times = [body.created_at, body.started_at, body.ended_at];
      const millis = times.map((time: string) => Date.parse(time));
      expect(millis).toEqual(millis.toSorted((a, b) => a - b));
      expect(JSON.stringify(body)).not.toMatch(/hunter2|lk_0123/);
    });

    it('of long data the beginning', async () => {
      const { id } = await rawQueue('message_index').add('x', { text: 'y'.repeat(2_000_000) });
      const { body } = await operator.call({ url: `${URL}/message_index/jobs/${id}` });
      expect(body.is_data_cut).toBe(true);
      expect(JSON.stringify(body).length).toBeLessThan(10_000);
    });

    it('when a delayed job is due', async () => {
      const { id, timestamp } = await rawQueue('message_index').add('x', {}, { delay: 3_600_000 });
      const due_at = new Date(timestamp + 3_600_000).toISOString();
      const page = await operator.call({ url: `${URL}/message_index/jobs?state=delayed` });
      expect(page.body.items).toMatchObject([{ id, state: 'delayed', due_at }]);
      const one = await operator.call({ url: `${URL}/message_index/jobs/${id}` });
      expect(one.body).toMatchObject({ state: 'delayed', due_at });
    });

    it('the failed jobs of all shards page by page, each once, the newest first, though more fail meanwhile', async () => {
      for (const shard of shards) startWorker(shard, failing);
      const queues = shards.map(rawQueue);
      const fail = (count: number) =>
        Promise.all(
          queues.map((queue) =>
            queue.addBulk(Array.from({ length: count }, () => ({ name: 'x', data: {} }))),
          ),
        );
      await fail(9);
      await waitUntil('72 failed jobs', async () => (await counts('conversation-saves'))['failed'] === 72);
      const before = (await listAll('conversation-saves', 'failed', 100)).map((job) => job.id);
      expect(new Set(before).size).toBe(72);
      const seen = await listAll('conversation-saves', 'failed', 7, () => fail(1));
      expect(seen.map((job) => job.id)).toEqual(before);
      const times = seen.map((job) => job.ended_at);
      expect(times).toEqual(times.toSorted().toReversed());
    });

    it('the waiting jobs of all shards, in the order in which they come in each', async () => {
      const expected: string[] = [];
      for (const [shard, name] of shards.entries()) {
        for (let n = 0; n < 3; n++) expected.push(`${shard}:${(await rawQueue(name).add('x', {})).id}`);
      }
      const seen = await listAll('conversation-saves', 'waiting', 5);
      expect(seen.map((job) => job.id)).toEqual(expected);
      const one = await operator.call({
        url: `${URL}/conversation-saves/jobs/${encodeURIComponent(expected[7] ?? '')}`,
      });
      expect(one.body).toMatchObject({ id: expected[7], state: 'waiting' });
    });
  });

  describe('do', () => {
    it('have a failed job tried again as if it were new, and it is written down who did and why', async () => {
      const job = await rawQueue('message_index').add('x', { fails: true });
      startWorker('message_index', failing);
      await waitUntil('a failed job', async () => (await counts('message_index'))['failed'] === 1);
      await job.updateData({ fails: false });
      const { status, audited } = await operator.call({
        method: 'POST',
        url: `${URL}/message_index/jobs/${job.id}/retry`,
        payload: REASON,
      });
      expect(status).toBe(204);
      expect(audited).toEqual([
        {
          actor_kind: 'operator',
          actor_id: operator.user.id,
          action: 'queue.job_retried',
          subject_kind: 'queue',
          subject_id: 'message_index',
          detail: JSON.stringify({ job_id: job.id }),
          reason: REASON.reason,
        },
      ]);
      await waitUntil('the job is done', async () => (await counts('message_index'))['completed'] === 1);
      const again = await operator.call({
        method: 'POST',
        url: `${URL}/message_index/jobs/${job.id}/retry`,
        payload: REASON,
      });
      expect(again).toMatchObject({ status: 409, body: { code: 'job_in_other_state' }, audited: [] });
    });

    it('have all failed jobs tried again, each once, though they fail again at once', async () => {
      const queue = rawQueue('message_index');
      let runs = 0;
      startWorker('message_index', () => {
        runs++;
        return Promise.reject(new Error('again'));
      });
      await queue.addBulk(Array.from({ length: 300 }, () => ({ name: 'x', data: {} })));
      await waitUntil('failed jobs', async () => (await counts('message_index'))['failed'] === 300);
      const { body, audited } = await operator.call({
        method: 'POST',
        url: `${URL}/message_index/retry-failed`,
        payload: REASON,
      });
      expect(body.name).toBe('message_index');
      expect(body.retried_jobs).toBe(300);
      expect(audited).toMatchObject([{ action: 'queue.failed_retried', detail: '{"failed":300}' }]);
      await waitUntil('failed jobs', async () => (await counts('message_index'))['failed'] === 300);
      expect(runs).toBe(600);
    });

    it('remove a job that does not run', async () => {
      const queue = rawQueue('message_index');
      const [waiting, delayed] = [await queue.add('x', {}), await queue.add('x', {}, { delay: 60_000 })];
      for (const { id } of [waiting, delayed]) {
        const url = `${URL}/message_index/jobs/${id}`;
        const { status, audited } = await operator.call({ method: 'DELETE', url, payload: REASON });
        expect(status).toBe(204);
        expect(audited).toMatchObject([{ action: 'queue.job_removed', reason: REASON.reason }]);
        expect(await operator.call({ url })).toMatchObject({ status: 404, body: { code: 'job_not_found' } });
      }
      const gate = Promise.withResolvers<void>();
      startWorker('message_index', () => gate.promise);
      const running = await queue.add('x', {});
      await waitUntil('a run', async () => (await counts('message_index'))['active'] === 1);
      expect(
        await operator.call({
          method: 'DELETE',
          url: `${URL}/message_index/jobs/${running.id}`,
          payload: REASON,
        }),
      ).toMatchObject({ status: 409, body: { code: 'job_in_other_state' }, audited: [] });
      gate.resolve();
    });

    it('pause and resume a queue for all processes', async () => {
      let runs = 0;
      startWorker('message_index', async () => void runs++);
      const change = (what: string) =>
        operator.call({ method: 'POST', url: `${URL}/message_index/${what}`, payload: REASON });
      expect(await change('pause')).toMatchObject({
        status: 200,
        body: { is_paused: true },
        audited: [{ action: 'queue.paused', reason: REASON.reason }],
      });
      expect(await change('pause')).toMatchObject({ status: 200, body: { is_paused: true }, audited: [] });
      await rawQueue('message_index').add('x', {});
      expect(await counts('message_index')).toMatchObject({ waiting: 1 });
      expect(runs).toBe(0);
      expect(await change('resume')).toMatchObject({
        body: { is_paused: false },
        audited: [{ action: 'queue.resumed' }],
      });
      await waitUntil('the run', () => runs === 1);
    });

    it('drain the saves, and lose neither a turn nor the wake-ups to come', async () => {
      const chatter = await TestChatter.create(test);
      const change = (what: string) =>
        operator.call({ method: 'POST', url: `${URL}/conversation-saves/${what}`, payload: REASON });
      await change('pause');
      await pauseSchedules(test.environment);
      const worker = await createTestWorker(test.environment);
      open.push(worker);
      const first = await chatter.say('before');
      await waitUntil('a wake-up', async () => ((await counts('conversation-saves'))['waiting'] ?? 0) > 0);
      const { body, audited } = await change('drain');
      expect(body.removed_jobs).toBeGreaterThan(0);
      expect(audited).toMatchObject([{ action: 'queue.drained' }]);
      expect(await chatter.messages(first.conversationId)).toHaveLength(2);
      await change('resume');
      const second = await chatter.say('after', 'local', first.conversationId);
      await waitUntil('both turns are saved', async () => {
        const { items } = await chatter.get<{ items: { is_saved: boolean }[] }>(
          `/api/conversations/${first.conversationId}/messages`,
        );
        return items.length === 4 && items.every((message) => message.is_saved);
      });
      expect(second.conversationId).toBe(first.conversationId);
    });
  });

  describe('are refused', () => {
    it.each([
      ['an unknown queue', 'GET', '/nothing', 404, 'queue_not_found'],
      ['an unknown queue to pause', 'POST', '/nothing/pause', 404, 'queue_not_found'],
      ['the queue of the schedules', 'POST', '/schedules/drain', 404, 'queue_not_found'],
      ['a shard as a queue', 'GET', '/conversation-saves-1', 404, 'queue_not_found'],
      ['a name that is none', 'GET', '/Nothing%20', 422, 'invalid_request'],
      ['an unknown job', 'GET', '/message_index/jobs/none', 404, 'job_not_found'],
      ['an unknown job to retry', 'POST', '/message_index/jobs/none/retry', 404, 'job_not_found'],
      ['a job without its shard', 'GET', '/conversation-saves/jobs/17', 404, 'job_not_found'],
      ['a job of a shard that is none', 'GET', '/conversation-saves/jobs/99:17', 404, 'job_not_found'],
      ['jobs of an unknown queue', 'GET', '/nothing/jobs', 404, 'queue_not_found'],
      ['a state that is none', 'GET', '/message_index/jobs?state=lost', 422, 'invalid_request'],
      ['a page without end', 'GET', '/message_index/jobs?limit=101', 422, 'invalid_request'],
      ['a cursor that is none', 'GET', '/message_index/jobs?cursor=x', 422, 'invalid_request'],
    ] as const)('%s', async (_what, method, path, status, code) => {
      const answer = await operator.call({
        method,
        url: `${URL}${path}`,
        payload: method === 'POST' ? REASON : undefined,
      });
      expect(answer).toMatchObject({ status, body: { code }, audited: [] });
    });

    it.each([
      ['no reason', {}],
      ['an empty one', { reason: '   ' }],
      ['one with an address', { reason: 'asked for by ada@example.com' }],
      ['one without end', { reason: 'x'.repeat(501) }],
    ])('%s', async (_what, payload) => {
      for (const what of ['pause', 'drain', 'retry-failed', 'jobs/1/retry']) {
        const answer = await operator.call({ method: 'POST', url: `${URL}/message_index/${what}`, payload });
        expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_request' }, audited: [] });
      }
    });

    it('if they are no operators', async () => {
      for (const role of ['user', 'agent'] as const) {
        const { apiKey } = await createUser(test, { role });
        for (const [method, path] of [
          ['GET', ''],
          ['GET', '/message_index/jobs'],
          ['POST', '/message_index/drain'],
        ] as const) {
          const call = { method, url: `${URL}${path}`, payload: method === 'POST' ? REASON : undefined };
          expect(await operator.call({ ...call, token: apiKey })).toMatchObject({
            status: 403,
            body: { code: 'scope_missing' },
          });
          expect((await operator.call({ ...call, token: '' })).status).toBe(401);
        }
      }
    });

    it('soon and clearly while Redis is away', async () => {
      await redis.cut();
      try {
        for (const [method, path] of [
          ['GET', ''],
          ['GET', '/message_index/jobs'],
          ['GET', `/message_index/jobs/${randomUUID()}`],
          ['POST', '/message_index/pause'],
        ] as const) {
          const startedAt = performance.now();
          const answer = await operator.call({
            method,
            url: `${URL}${path}`,
            payload: method === 'POST' ? REASON : undefined,
          });
          expect(answer).toMatchObject({ status: 503, body: { code: 'queues_unavailable' }, audited: [] });
          expect(answer.headers['retry-after']).toBe('1');
          expect(performance.now() - startedAt).toBeLessThan(1_000);
        }
      } finally {
        await redis.restore();
      }
      await waitUntil('Redis is back', async () => (await operator.call({ url: URL })).status === 200);
    });
  });
});

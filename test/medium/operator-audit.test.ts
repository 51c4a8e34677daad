import { randomUUID } from 'node:crypto';
import { Queue, Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { periodicTasks } from '../../src/app.tasks.js';
import { newId } from '../../src/shared/ids.js';
import { scriptedFileTask } from '../fakes/task-kinds.js';
import { TaskService } from '../../src/modules/task/index.js';
import { TestMarketplace } from '../factories/marketplace.js';
import { type OperatorCall, TestOperator } from '../factories/operator.js';
import { pauseSchedules } from '../factories/paused-schedules.js';
import { TestTurns } from '../factories/turns.js';
import { createUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const STAFF_SCOPES: readonly unknown[] = ['operations', 'administration'];
const CHANGING = ['post', 'put', 'patch', 'delete'];
const REASON = { reason: 'a drill, TICKET-12' };
const DAY_MS = 86_400_000;

/** What to call a route with, once what it needs is there. */
type Preparation = () => Promise<Omit<OperatorCall, 'method'>> | Omit<OperatorCall, 'method'>;

describe('the audit log', () => {
  let market: TestMarketplace;
  let turns: TestTurns;
  let administrator: TestOperator;
  let queue: Queue;
  let worker: Worker;
  beforeAll(async () => {
    market = await TestMarketplace.create();
    turns = new TestTurns(market.test);
    administrator = await TestOperator.create(market.test, 'admin');
    await pauseSchedules(market.test.environment);
    const options = {
      connection: { url: market.test.environment['LOCKKEEPER_REDIS_URL'] ?? '', maxRetriesPerRequest: null },
      prefix: '{lockkeeper}',
    };
    queue = new Queue('message_index', options);
    worker = new Worker('message_index', () => Promise.reject(new Error('always')), options);
  });
  afterAll(async () => {
    await worker.close();
    await queue.close();
    await turns.close();
    await market.close();
  });

  async function userId(): Promise<string> {
    return (await createUser(market.test)).id;
  }

  async function parked(): Promise<string> {
    const id = await turns.conversation();
    await turns.finishedTurn(id, { model: 'm'.repeat(200) });
    await turns.saveAll();
    return id;
  }

  async function quarantined(): Promise<string> {
    const [id, entryId] = [newId(), newId()];
    const line = [newId(), Date.now(), 'a-device', 'INFO', 'a message', null, null, null];
    await market.transactions.single.query(
      `INSERT INTO log_quarantine (id, entry_id, kind, line_count, content, error, created_at)
       VALUES (?, ?, 'line', 1, ?, 'refused', UTC_TIMESTAMP(3))`,
      [id, entryId, JSON.stringify(line)],
    );
    return id;
  }

  async function waitingTask(): Promise<string> {
    const [kind, payload] = [scriptedFileTask, { script: 'none' }];
    const options = { delayMs: 3_600_000 };
    return (await market.test.app.get(TaskService).submit(await userId(), kind, payload, options)).taskId;
  }

  async function failedJob(): Promise<string> {
    const { id = '' } = await queue.add('x', {});
    await waitUntil('a failed job', async () => (await queue.getJobState(id)) === 'failed');
    return id;
  }

  async function madeBy(url: string, payload: object): Promise<string> {
    return (await administrator.call({ method: 'POST', url, payload })).body.id;
  }

  const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();
  const coupon = () => ({
    amount: '5',
    max_redemptions: 10,
    valid_from: inDays(0),
    valid_until: inDays(1),
  });
  const activity = () => ({
    title: 'A challenge',
    rule: { kind: 'top_by_points', rewards: [{ kind: 'coins', amount: '5' }] },
    starts_at: inDays(1),
    ends_at: inDays(2),
  });
  const keyed = () => ({ 'idempotency-key': randomUUID() });
  const task = periodicTasks[0]?.name;
  const onTask = (what: string, payload?: object) => ({
    url: `/api/admin/schedules/${task}/${what}`,
    payload,
  });
  const onQueue = (what: string) => ({ url: `/api/admin/queues/message_index/${what}`, payload: REASON });
  const onCoins = async (what: string, payload: object) => ({
    url: `/api/coins/accounts/${await userId()}/${what}`,
    payload,
    headers: keyed(),
  });

  /** Every route by which the staff changes something. One that is new belongs here, and into the audit log. */
  const routes: Record<string, Preparation> = {
    'PUT /api/admin/saves': () => ({ url: '/api/admin/saves', payload: { shards_at_once: 4 } }),
    'POST /api/admin/parked-conversations/{id}/retry': async () => ({
      url: `/api/admin/parked-conversations/${await parked()}/retry`,
    }),
    'POST /api/admin/parked-conversations/{id}/skip': async () => ({
      url: `/api/admin/parked-conversations/${await parked()}/skip`,
      payload: REASON,
    }),
    'POST /api/admin/scheduler/drill': () => ({ url: '/api/admin/scheduler/drill', payload: { seconds: 1 } }),
    'POST /api/admin/schedules/{name}/resume': () => onTask('resume'),
    'POST /api/admin/schedules/{name}/pause': () => onTask('pause'),
    'POST /api/admin/schedules/{name}/run': () => onTask('run'),
    'PUT /api/admin/schedules/{name}/cron': () => onTask('cron', { cron: '*/7 * * * *' }),
    'DELETE /api/admin/users/{id}': async () => ({
      url: `/api/admin/users/${await userId()}`,
      payload: { reason: 'user_request' },
    }),
    'POST /api/users': () => ({
      url: '/api/users',
      payload: { email: `${randomUUID()}@example.com`, password: randomUUID(), role: 'agent' },
    }),
    'PATCH /api/users/{id}': async () => ({
      url: `/api/users/${await userId()}`,
      payload: { is_disabled: true },
    }),
    'POST /api/admin/points/{user_id}/grants': async () => ({
      url: `/api/admin/points/${await userId()}/grants`,
      payload: { points: 5, valid_days: 1, reason: 'survey' },
      headers: keyed(),
    }),
    'POST /api/admin/coupons': () => ({ url: '/api/admin/coupons', payload: coupon() }),
    'POST /api/admin/coupons/{id}/disable': async () => ({
      url: `/api/admin/coupons/${await madeBy('/api/admin/coupons', coupon())}/disable`,
    }),
    'POST /api/admin/activities': () => ({ url: '/api/admin/activities', payload: activity() }),
    'POST /api/admin/activities/{id}/cancel': async () => ({
      url: `/api/admin/activities/${await madeBy('/api/admin/activities', activity())}/cancel`,
    }),
    'POST /api/admin/marketplace/tasks/{id}/decision': async () => ({
      url: `/api/admin/marketplace/tasks/${await market.disputedBy(await market.userWith(20n), await market.expert())}/decision`,
      payload: { payment: '5', note: 'Half of it is there' },
    }),
    'PUT /api/admin/marketplace/experts/{user_id}/featured': async () => ({
      url: `/api/admin/marketplace/experts/${(await market.expert()).id}/featured`,
    }),
    'DELETE /api/admin/marketplace/experts/{user_id}/featured': async () => {
      const url = `/api/admin/marketplace/experts/${(await market.expert()).id}/featured`;
      await administrator.call({ method: 'PUT', url });
      return { url };
    },
    'POST /api/coins/accounts/{user_id}/grants': () => onCoins('grants', { amount: '5', reason: 'purchase' }),
    'POST /api/coins/accounts/{user_id}/penalties': () =>
      onCoins('penalties', { amount: '5', reason: 'chargeback', note: 'charged back' }),
    'POST /api/coins/accounts/{user_id}/holds/{hold_id}/release': async () => {
      const [{ id: accountId }, holdId] = [await market.userWith(5n), newId()];
      const hold = { accountId, holdId, amount: 1_000_000n, purpose: 'chat', reference: holdId };
      await market.coins.holdCoins({ ...hold, leaseMs: 60_000 });
      return {
        url: `/api/coins/accounts/${accountId}/holds/${holdId}/release`,
        payload: { note: 'stuck' },
        headers: keyed(),
      };
    },
    'POST /api/coins/accounts/{user_id}/block': () => onCoins('block', { note: 'stolen key' }),
    'POST /api/coins/accounts/{user_id}/unblock': () => onCoins('unblock', { note: 'found again' }),
    'POST /api/logs/quarantine/{id}/replay': async () => ({
      url: `/api/logs/quarantine/${await quarantined()}/replay`,
    }),
    'POST /api/logs/quarantine/{id}/discard': async () => ({
      url: `/api/logs/quarantine/${await quarantined()}/discard`,
      payload: REASON,
    }),
    'POST /api/v1/rq/jobs/{id}/cancel': async () => ({
      url: `/api/v1/rq/jobs/${await waitingTask()}/cancel`,
      payload: REASON,
    }),
    'POST /api/v1/rq/jobs/{id}/requeue': async () => {
      const id = await waitingTask();
      await market.test.app.get(TaskService).cancelAny(id);
      return { url: `/api/v1/rq/jobs/${id}/requeue`, payload: REASON };
    },
    'POST /api/admin/queues/{name}/pause': () => onQueue('pause'),
    'POST /api/admin/queues/{name}/resume': () => onQueue('resume'),
    'POST /api/admin/queues/{name}/drain': () => onQueue('drain'),
    'POST /api/admin/queues/{name}/retry-failed': () => onQueue('retry-failed'),
    'POST /api/admin/queues/{name}/jobs/{id}/retry': async () => onQueue(`jobs/${await failedJob()}/retry`),
    'DELETE /api/admin/queues/{name}/jobs/{id}': async () => onQueue(`jobs/${await failedJob()}`),
  };

  it('is about every route by which the staff changes something', async () => {
    const { body } = await administrator.call({ url: '/openapi.json' });
    const changing = Object.entries(body.paths as Record<string, Record<string, object>>).flatMap(
      ([path, operations]) =>
        Object.entries(operations)
          .filter(([method]) => CHANGING.includes(method))
          .filter(
            ([, operation]) =>
              path.startsWith('/api/admin/') ||
              STAFF_SCOPES.includes((operation as { 'x-required-scope'?: unknown })['x-required-scope']),
          )
          .map(([method]) => `${method.toUpperCase()} ${path}`),
    );
    expect(changing.sort()).toEqual(Object.keys(routes).sort());
  });

  it.each(Object.keys(routes))('names who called %s, and why if he said so', async (route) => {
    const prepare = routes[route] ?? (() => ({ url: '' }));
    const call: OperatorCall = { method: route.split(' ')[0] as 'POST', ...(await prepare()) };
    const { status, body, audited } = await administrator.call(call);
    expect(status, JSON.stringify(body)).toBeLessThan(300);
    expect(audited.length).toBeGreaterThan(0);
    expect(audited).toMatchObject(
      audited.map(() => ({ actor_kind: 'operator', actor_id: administrator.user.id })),
    );
    expect(audited.some(({ action }) => action.endsWith('_failed'))).toBe(false);
    if ('payload' in call && call.payload === REASON) expect(audited).toMatchObject([REASON]);
  });

  it.each(Object.keys(routes))('has nothing of a user who calls %s, as he is refused', async (route) => {
    const url = route.split(' ')[1]?.replaceAll(/\{\w+\}/g, randomUUID()) ?? '';
    const { apiKey } = await createUser(market.test, { role: 'agent' });
    const answer = await administrator.call({ method: route.split(' ')[0] as 'POST', url, token: apiKey });
    expect(answer).toMatchObject({ status: 403, body: { code: 'scope_missing' }, audited: [] });
  });

  it('says that a quarantined line could not be replayed after all', async () => {
    const id = await quarantined();
    await market.transactions.single.query(`UPDATE log_quarantine SET content = 'no line' WHERE id = ?`, [
      id,
    ]);
    const url = `/api/logs/quarantine/${id}/replay`;
    expect(await administrator.call({ method: 'POST', url })).toMatchObject({
      status: 409,
      audited: [{ action: 'quarantined_log.replayed' }, { action: 'quarantined_log.operation_failed' }],
    });
    const unknown = `/api/logs/quarantine/${randomUUID()}/replay`;
    expect(await administrator.call({ method: 'POST', url: unknown })).toMatchObject({
      status: 404,
      audited: [],
    });
  });
});

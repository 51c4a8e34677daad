import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configDefinitions } from '../../src/app.config.js';
import { periodicTasks } from '../../src/app.tasks.js';
import { loadConfig } from '../../src/platform/config/index.js';
import { Transactions } from '../../src/platform/database/index.js';
import { runSchedules, type SchedulesCommandOptions } from '../../src/schedules.command.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestRedis } from '../factories/test-redis.js';
import { createTestWorker } from '../factories/test-worker.js';
import { bearer, createUser, type TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

interface Slot {
  run_id: string;
  due_at: string;
  state: string;
  path: string;
  result: Record<string, number> | null;
}

interface Answer<T> {
  status: number;
  body: T & { code: string };
}

describe('the operators of the schedules', () => {
  let proxy: TcpProxy;
  let test: TestApp;
  let worker: Awaited<ReturnType<typeof createTestWorker>>;
  let operator: TestUser;
  beforeAll(async () => {
    proxy = await createTcpProxy(await createTestRedis());
    test = await createTestApp({
      LOCKKEEPER_REDIS_URL: proxy.url,
      LOCKKEEPER_SCHEDULE_POLL_MS: '50',
      LOCKKEEPER_SCHEDULE_PROBE_MS: '200',
    });
    operator = await createUser(test, { role: 'operator' });
    worker = await createTestWorker(test.environment);
  });
  afterAll(async () => {
    await worker.close();
    await test.close();
  });

  async function call<T>(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    payload?: object,
    headers: object = {},
  ): Promise<Answer<T>> {
    const response = await test.app.inject({
      method,
      url: `/api/admin/${path}`,
      headers: { ...bearer(operator.accessToken), ...headers },
      ...(payload && { payload }),
    });
    return { status: response.statusCode, body: response.json<T & { code: string }>() };
  }
  const forget = 'schedules/forget-expired-credentials';

  it('see every task, page by page', async () => {
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      interface Page {
        items: { name: string; next_at: string; cron: string }[];
        next_cursor: string | null;
      }
      const { status, body }: { status: number; body: Page } = await call<Page>(
        'GET',
        `schedules?limit=3${query}`,
      );
      expect(status).toBe(200);
      for (const item of body.items) {
        expect(Date.parse(item.next_at)).toBeGreaterThan(Date.now() - 60_000);
        seen.push(item.name);
      }
      cursor = body.next_cursor;
    }
    expect(seen).toEqual(periodicTasks.map(({ name }) => name).sort());
  });

  it('run a task now, once for each key, and read its history', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const first = await call<Slot>('POST', `${forget}/run`, undefined, key);
    expect(first).toMatchObject({
      status: 202,
      body: { path: 'manual', task: 'forget-expired-credentials' },
    });
    const again = await call<Slot>('POST', `${forget}/run`, undefined, key);
    expect(again.body).toMatchObject({ run_id: first.body.run_id, due_at: first.body.due_at });
    const other = await call<Slot>('POST', `${forget}/run`);
    expect(other.body.run_id).not.toBe(first.body.run_id);
    const runs = await waitUntil('both runs', async () => {
      const { body } = await call<{ items: Slot[] }>('GET', `${forget}/runs`);
      const manual = body.items.filter(({ path }) => path === 'manual');
      return manual.every(({ state }) => state === 'succeeded') && manual;
    });
    expect(runs.map(({ run_id: id }) => id)).toEqual([other.body.run_id, first.body.run_id]);
    expect(runs[0]?.result).toEqual({
      refresh_tokens: 0,
      console_sessions: 0,
      sessions: 0,
      revoked_tokens: 0,
    });
    const page = await call<{ items: Slot[]; next_cursor: string }>('GET', `${forget}/runs?limit=1`);
    const next = await call<{ items: Slot[] }>(
      'GET',
      `${forget}/runs?limit=1&cursor=${page.body.next_cursor}`,
    );
    expect([page.body.items[0]?.run_id, next.body.items[0]?.run_id]).toEqual([
      other.body.run_id,
      first.body.run_id,
    ]);
    const list = await call<{ items: { name: string; last_outcome: string }[] }>('GET', 'schedules');
    expect(list.body.items.find(({ name }) => name === 'forget-expired-credentials')?.last_outcome).toBe(
      'succeeded',
    );
  });

  it('pause and resume a task, and set its cron; each change is in the audit log once', async () => {
    expect((await call('POST', `${forget}/pause`)).body).toMatchObject({ is_paused: true, next_at: null });
    expect((await call('POST', `${forget}/pause`)).body).toMatchObject({ is_paused: true });
    expect((await call('POST', `${forget}/resume`)).body).toMatchObject({
      is_paused: false,
      paused_at: null,
    });
    expect((await call('PUT', `${forget}/cron`, { cron: '*/10 1,2 * * *' })).body).toMatchObject({
      cron: '*/10 1,2 * * *',
      default_cron: '17 * * * *',
    });
    expect((await call('PUT', `${forget}/cron`, { cron: null })).body).toMatchObject({ cron: '17 * * * *' });
    const { body } = await call<{ items: { action: string; actor_id: string; detail: object }[] }>(
      'GET',
      'audit?limit=5',
    );
    const entries = body.items.filter(({ action }) => /paused|resumed|cron/.test(action)).toReversed();
    const task = 'forget-expired-credentials';
    expect(entries.map(({ action, detail }) => [action, detail])).toEqual([
      ['schedule.paused', { task }],
      ['schedule.resumed', { task }],
      ['schedule.cron_changed', { task, cron: '*/10_1,2_*_*_*' }],
      ['schedule.cron_changed', { task, cron: null }],
    ]);
    expect(entries.every(({ actor_id: id }) => id === operator.id)).toBe(true);
  });

  it.each([
    ['POST', 'schedules/no-such-task/run', undefined, 404, 'schedule_not_found'],
    ['POST', 'schedules/no-such-task/pause', undefined, 404, 'schedule_not_found'],
    ['GET', 'schedules/no-such-task/runs', undefined, 404, 'schedule_not_found'],
    ['PUT', `${forget}/cron`, { cron: 'now and then' }, 422, 'cron_invalid'],
    ['PUT', `${forget}/cron`, { cron: 'H * * * *' }, 422, 'cron_invalid'],
    ['PUT', `${forget}/cron`, {}, 422, 'invalid_request'],
    ['GET', `${forget}/runs?cursor=nonsense`, undefined, 422, 'invalid_request'],
    ['GET', 'schedules?limit=101', undefined, 422, 'invalid_request'],
    ['POST', 'scheduler/drill', { seconds: 601 }, 422, 'invalid_request'],
  ] as const)('are told what is wrong: %s %s %j', async (method, path, payload, status, code) => {
    expect(await call(method, path, payload)).toMatchObject({ status, body: { code } });
  });

  it('are operators: a user is none', async () => {
    const user = await createUser(test);
    for (const url of ['/api/admin/schedules', '/api/admin/scheduler', '/api/admin/scheduler/switches']) {
      const response = await test.app.inject({ url, headers: bearer(user.accessToken) });
      expect(response.statusCode).toBe(403);
    }
  });

  it('see who has the lease and how it came to it, in the metrics, too', async () => {
    await waitUntil(
      'a holder',
      async () => (await call<{ is_lease_held: boolean }>('GET', 'scheduler')).body.is_lease_held,
    );
    expect((await call('GET', 'scheduler')).body).toMatchObject({
      lease_holder: expect.stringMatching(/:\d+$/),
      epoch: 1,
    });
    const { body } = await call<{ items: object[] }>('GET', 'scheduler/switches?limit=1');
    expect(body.items).toHaveLength(1);
    const metrics = await waitUntil('a success of expire-holds', async () => {
      const answer = await test.app.inject({ url: '/metrics', headers: bearer(operator.apiKey) });
      return answer.body.includes('_success_timestamp_seconds{task="expire-holds"}') && answer;
    });
    expect(metrics.body).toMatch(/^lockkeeper_schedule_lease_epoch 1$/m);
    expect(metrics.body).toMatch(
      /^lockkeeper_schedule_last_success_timestamp_seconds\{task="expire-holds"\} \d{10}/m,
    );
    expect(metrics.body).toMatch(/^lockkeeper_schedule_interval_seconds\{task="expire-holds"\} 5$/m);
    expect(metrics.body).toMatch(/^lockkeeper_schedule_paused\{task="expire-holds"\} 0$/m);
  });

  it('have the same at the command line', async () => {
    const config = loadConfig(test.environment, configDefinitions);
    const command = async (args: string[], options: SchedulesCommandOptions = {}) =>
      (await runSchedules(config, args, options)).output;
    expect(await command([])).toMatch(/^task +cron +next +last\n/);
    expect(await command(['pause', 'retain-logs'])).toMatch(/^retain-logs +\*\/10 \* \* \* \* +paused/m);
    expect(JSON.parse(await command(['resume', 'retain-logs'], { json: true }))).toMatchObject({
      items: [{ name: 'retain-logs', is_paused: false }],
    });
    expect(await command(['cron', 'retain-logs', '0 3 * * *'])).toContain('0 3 * * * (default */10 * * * *)');
    expect(await command(['cron', 'retain-logs'], { default: true })).not.toContain('(default');
    const key = randomUUID();
    const run = async () =>
      JSON.parse(await command(['run', 'retain-logs'], { json: true, key })) as { items: Slot[] };
    expect((await run()).items[0]?.run_id).toBe((await run()).items[0]?.run_id);
    await waitUntil('its end', async () =>
      / succeeded +manual +1 /.test(await command(['history', 'retain-logs'])),
    );
    expect(await command(['mode'])).toMatch(/^(redis|suspect) since .+ has the lease, epoch 1\.\n$/);
    for (const args of [['pause'], ['cron', 'retain-logs'], ['nonsense'], ['run', 'a', 'b']]) {
      await expect(command(args)).rejects.toThrow('Usage: lockkeeper schedules');
    }
    await expect(command(['pause', 'no-such-task'])).rejects.toThrow('There is no such periodic task.');
    await expect(command(['history', 'retain-logs'], { limit: '0' })).rejects.toThrow('--limit');
  });

  it('are answered while Redis is down, and tasks are run', async () => {
    await proxy.cut();
    try {
      const { body } = await call<Slot>('POST', `${forget}/run`);
      await waitUntil('the run', async () => {
        const runs = await call<{ items: Slot[] }>('GET', `${forget}/runs`);
        return runs.body.items.some(({ run_id: id, state }) => id === body.run_id && state === 'succeeded');
      });
      await waitUntil(
        'the ticker',
        async () => (await call<{ mode: string }>('GET', 'scheduler')).body.mode === 'local',
      );
      await waitUntil('a slot by the ticker', async () => {
        const [row] = await test.app
          .get(Transactions)
          .single.query<[{ count: string }]>(
            `SELECT COUNT(*) AS count FROM schedule_runs WHERE path = 'local' AND state = 'succeeded'`,
          );
        return Number(row.count) > 0;
      });
      const { output } = await runSchedules(loadConfig(test.environment, configDefinitions), ['mode'], {});
      expect(output).toMatch(/^local since /);
    } finally {
      await proxy.restore();
    }
  });
});

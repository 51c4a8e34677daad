import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { LogQueryRepository } from '../../src/modules/logs/query/log-query.repository.js';
import { LogReading } from '../factories/log-reading.js';
import { logLine, someDevice } from '../factories/logs.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, createUser } from '../factories/users.js';

const HOUR = 3_600_000;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('a search of the log', () => {
  let test: TestApp;
  let logs: LogReading;
  const device_id = someDevice();
  beforeAll(async () => {
    test = await createTestApp({ LOCKKEEPER_LOGS_CONCURRENT_QUERIES: '1' });
    logs = await LogReading.create(test);
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(async () => {
    await logs.close();
    await test.close();
  });

  it.each([
    ['device_id', { device_id: '' }],
    ['device_id', { device_id: 'x'.repeat(51) }],
    ['level', { level: 'FATAL' }],
    ['level', { level: '' }],
    ['level', { level: ['ERROR', 'x'] }],
    ['from', { from: 'yesterday' }],
    ['from', { from: '2027-01-31T12:00:00' }],
    ['from', { from: '+010000-01-31T12:00:00Z' }],
    ['from', { from: '2027-01-31T12:00:00Z', to: '2027-01-31T12:00:00Z' }],
    ['to', { to: '2027-13-31T12:00:00Z' }],
    ['q', { q: '' }],
    ['q', { q: 'x'.repeat(201) }],
    ['path', { path: '$.a' }],
    ['path', { value: '1' }],
    ['path', { path: 'a', value: '1' }],
    ['path', { path: '$.*', value: '1' }],
    ['value', { path: '$.a', value: '' }],
    ['value', { path: '$.a', value: 'x'.repeat(501) }],
    ['trace_id', { trace_id: 'x'.repeat(32) }],
    ['limit', { limit: '0' }],
    ['limit', { limit: '1001' }],
    ['limit', { limit: 'all' }],
    ['cursor', { cursor: 'x' }],
    ['cursor', { cursor: Buffer.from('[1,2,3]').toString('base64url') }],
    ['cursor', { cursor: Buffer.from('[1,2,3,"x"]').toString('base64url') }],
    ['cursor', { cursor: Buffer.from('[1,2,1e300,"x"]').toString('base64url') }],
  ])('refuses a bad %s', async (param, filters: Record<string, string | string[]>) => {
    expect(await logs.search(filters)).toMatchObject({ status: 422, code: 'invalid_request', param });
  });

  it('refuses what it does not know', async () => {
    expect(await logs.search({ devise_id: 'x' })).toMatchObject({ status: 422, code: 'invalid_request' });
  });

  it('searches everybody’s lines for a text or data within a week only', async () => {
    const from = new Date(Date.now() - 169 * HOUR).toISOString();
    const searches: Record<string, string>[] = [{ q: 'x' }, { path: '$.a', value: '1' }];
    for (const search of searches) {
      expect(await logs.search({ ...search, from })).toMatchObject({
        status: 422,
        code: 'log_window_too_wide',
        param: 'from',
        details: { limit_hours: 168 },
      });
      const narrow = new Date(Date.now() - 167 * HOUR).toISOString();
      expect(await logs.search({ ...search, from: narrow })).toMatchObject({ status: 200 });
      expect(await logs.search({ ...search, from, device_id })).toMatchObject({ status: 200 });
      expect(await logs.search({ ...search, from, trace_id: TRACE })).toMatchObject({ status: 200 });
    }
    expect(await logs.search({ level: 'ERROR', from })).toMatchObject({ status: 200 });
  });

  it('is for those alone who may read logs', async () => {
    const user = await createUser(test);
    for (const path of ['logs', 'logs/x', 'logs/tail', 'logs/export', 'stats']) {
      const refused = await test.app.inject({ url: `/api/${path}`, headers: bearer(user.apiKey) });
      expect(refused.statusCode, path).toBe(403);
      expect(refused.json(), path).toMatchObject({ code: 'scope_missing', details: { scope: 'logs:read' } });
      expect((await test.app.inject({ url: `/api/${path}` })).statusCode, path).toBe(401);
    }
  });

  it('waits for others for a moment only, and never keeps a device’s page waiting', async () => {
    let finish: () => void = () => undefined;
    const hanging = new Promise<[]>((resolve) => (finish = () => resolve([])));
    vi.spyOn(LogQueryRepository.prototype, 'findLines').mockReturnValue(hanging);
    const first = logs.search({ device_id });
    const second = await logs.get('logs', { device_id });
    expect(second.statusCode).toBe(503);
    expect(second.headers['retry-after']).toBe('1');
    expect(second.json()).toMatchObject({ code: 'log_queries_busy' });
    expect((await logs.device(device_id)).total).toBe(0);
    const third = logs.search({ device_id });
    finish();
    expect([(await first).status, (await third).status]).toEqual([200, 200]);
  });
});

describe('a search that takes too long', () => {
  it('is ended, and says what to ask for instead', async () => {
    const test = await createTestApp({ LOCKKEEPER_LOGS_QUERY_TIMEOUT_MS: '1' });
    const logs = await LogReading.create(test);
    await logs.store([logLine({ message: 'x'.repeat(2_000), log_data: { long: 'y'.repeat(2_000) } })]);
    for (let doubled = 0; doubled < 13; doubled++) {
      await logs.database.single.query(
        `INSERT INTO logs (id, created_at, device_id, log_level, message, log_data)
         SELECT UUID(), created_at, device_id, log_level, message, log_data FROM logs`,
      );
    }
    const answer = await logs.get('logs', { q: 'needle' });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
    expect(answer.json()).toMatchObject({
      code: 'query_too_slow',
      detail: expect.stringMatching(/1 ms.*device_id.*trace_id.*from, to/) as string,
      details: { limit_ms: 1, narrow: ['device_id', 'trace_id', 'from', 'to'] },
    });
    await logs.close();
    await test.close();
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Redis } from 'ioredis';
import { DevicePages } from '../../src/modules/logs/query/cache/device-pages.js';
import { LogQuery } from '../../src/modules/logs/query/log-query.service.js';
import { LogReading } from '../factories/log-reading.js';
import { logLine, someDevice } from '../factories/logs.js';
import { createTcpProxy } from '../factories/tcp-proxy.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestRedis } from '../factories/test-redis.js';
import { waitUntil } from '../factories/wait.js';

describe('the page of a device', () => {
  let test: TestApp;
  let logs: LogReading;
  let cache: Redis;
  let writer: DevicePages;
  let id: string;
  beforeAll(async () => {
    const cacheUrl = await createTestRedis();
    test = await createTestApp({ LOCKKEEPER_CACHE_REDIS_URL: cacheUrl });
    logs = await LogReading.create(test);
    cache = new Redis(cacheUrl);
    writer = test.app.get(DevicePages);
  });
  beforeEach(() => {
    id = someDevice();
  });
  afterAll(async () => {
    cache.disconnect();
    await logs.close();
    await test.close();
  });

  const messagesOf = async (limit?: number) =>
    (await logs.device(id, limit)).data.map(({ message }) => message);
  async function store(message: string): Promise<void> {
    await logs.store([logLine({ device_id: id, message })]);
    await writer.invalidate([id]);
  }

  it('has the fields of a line and nothing else, the newest first, of any time', async () => {
    const old = logLine({ device_id: id, created_at: Date.parse('2020-02-29T12:00:00.007Z') });
    const young = logLine({ device_id: id, log_data: { a: { b: [1] } }, trace_id: 'a'.repeat(32) });
    await logs.store([old, young]);
    const [newest, oldest] = [young, old].map((line) => ({
      id: line.id,
      device_id: id,
      log_level: 'INFO',
      message: line.message,
      log_data: line.log_data,
      created_at: new Date(line.created_at).toISOString(),
    }));
    expect(await logs.device(id)).toEqual({ total: 2, source: 'database', data: [newest, oldest] });
    expect(await logs.device(id)).toEqual({ total: 2, source: 'cache', data: [newest, oldest] });
    expect(await logs.device(id, 1)).toEqual({ total: 1, source: 'database', data: [newest] });
  });

  it('is of a hundred lines unless told', async () => {
    await logs.store(Array.from({ length: 120 }, () => logLine({ device_id: id })));
    expect((await logs.device(id)).total).toBe(100);
    expect((await logs.device(id, 1000)).total).toBe(120);
    for (const limit of [0, 1001, 1.5]) {
      expect((await logs.get(`logs/${id}`, { limit: String(limit) })).statusCode).toBe(422);
    }
  });

  it('is cached for 300 seconds under its name, also if it is empty', async () => {
    expect(await logs.device(id, 7)).toEqual({ total: 0, source: 'database', data: [] });
    expect(await logs.device(id, 7)).toEqual({ total: 0, source: 'cache', data: [] });
    const ttl = await cache.ttl(`cache:logs:${id}:7`);
    expect(ttl).toBeGreaterThan(290);
    expect(ttl).toBeLessThanOrEqual(300);
  });

  it('takes the name of a device as it is', async () => {
    for (const name of [
      'a:b:100',
      '行'.repeat(50),
      '😀'.repeat(50),
      'a b/c?d#e%',
      '..%2f',
      "'; --",
      'cache:*',
    ]) {
      await logs.store([logLine({ device_id: name, message: name })]);
      const { data } = await logs.device(name);
      expect(data.map(({ message }) => message)).toEqual([name]);
      expect((await logs.device(name)).source).toBe('cache');
    }
    expect((await logs.get(`logs/${'x'.repeat(51)}`)).statusCode).toBe(422);
  });

  it('shows new lines at once, of every size, and only of the device that has them', async () => {
    const other = someDevice();
    await logs.device(other);
    await messagesOf();
    await messagesOf(5);
    await store('new');
    expect(await messagesOf()).toEqual(['new']);
    expect(await messagesOf(5)).toEqual(['new']);
    expect((await logs.device(other)).source).toBe('cache');
    expect((await logs.device(id)).source).toBe('cache');
  });

  it('shows new lines of many devices at once', async () => {
    const devices = Array.from({ length: 1_200 }, () => someDevice());
    const watched = [devices[0] ?? '', devices[600] ?? '', devices[1_199] ?? ''];
    for (const device of watched) await logs.device(device);
    await writer.invalidate(devices);
    for (const device of watched) expect((await logs.device(device)).source).toBe('database');
  });

  it('does not keep what was read before a line came', async () => {
    const query = test.app.get(LogQuery);
    const listDevice = query.listDevice.bind(query);
    vi.spyOn(query, 'listDevice').mockImplementationOnce(async (...args) => {
      const stale = await listDevice(...args);
      // The database has been read; before the page is kept, a writer commits and says so.
      await store('in between');
      return stale;
    });
    expect(await logs.device(id)).toMatchObject({ total: 0, source: 'database' });
    expect(await cache.exists(`cache:logs:${id}:100`)).toBe(0);
    expect(await logs.device(id)).toMatchObject({ total: 1, source: 'database' });
    expect(await logs.device(id)).toMatchObject({ total: 1, source: 'cache' });
  });

  it('does not put it in the place of what another has kept meanwhile', async () => {
    const outcome = await writer.read(id, 100, async () => {
      await store('in between');
      expect(await messagesOf()).toEqual(['in between']);
      return '[]';
    });
    expect(outcome).toEqual({ text: '[]', source: 'database' });
    expect(await logs.device(id)).toMatchObject({ source: 'cache', data: [{ message: 'in between' }] });
  });

  it('does not keep it either if the cache forgets everything meanwhile', async () => {
    await writer.read(id, 100, async () => {
      await store('in between');
      await cache.flushdb();
      return '[]';
    });
    expect(await cache.dbsize()).toBe(0);
    expect(await messagesOf()).toEqual(['in between']);
  });

  it('is read once for all who ask at the same time, but again for who asks after a new line', async () => {
    let open: (text: string) => void = () => undefined;
    const gate = new Promise<string>((resolve) => (open = resolve));
    let loads = 0;
    const load = () => {
      loads++;
      return gate;
    };
    const first = [1, 2, 3].map(() => writer.read(id, 100, load));
    await waitUntil('the first has begun to read', () => loads === 1);
    await store('new');
    const later = await writer.read(id, 100, () => Promise.resolve('["later"]'));
    expect(later).toEqual({ text: '["later"]', source: 'database' });
    open('["early"]');
    const early = { text: '["early"]', source: 'database' };
    expect(await Promise.all(first)).toEqual([early, early, early]);
    expect(loads).toBe(1);
    expect(await writer.read(id, 100, load)).toEqual({ text: '["later"]', source: 'cache' });
  });

  it('does not outlive a stamp that the cache has evicted', async () => {
    await messagesOf();
    const stamps = await cache.keys('cache:logs-stamp*');
    await cache.del(...stamps);
    expect((await logs.device(id)).source).toBe('database');
    await cache.del(`cache:logs-stamp:v2:${id}`);
    expect((await logs.device(id)).source).toBe('database');
    expect((await logs.device(id)).source).toBe('cache');
  });

  it('counts hits and misses', async () => {
    const count = async (outcome: string) => {
      const { body } = await test.app.inject({ url: '/metrics', headers: logs.headers });
      const found = new RegExp(
        `lockkeeper_logs_device_pages_total{outcome="${outcome}",process="api-0"} (\\d+)`,
      ).exec(body);
      return Number(found?.[1] ?? 0);
    };
    const before = { hits: await count('hit'), misses: await count('miss') };
    for (let read = 0; read < 4; read++) await logs.device(id);
    // A reading is kept for a second.
    await waitUntil('three hits', async () => (await count('hit')) === before.hits + 3);
    expect(await count('miss')).toBe(before.misses + 1);
  });
});

describe('a cache that is away', () => {
  let test: TestApp;
  let elsewhere: TestApp;
  let logs: LogReading;
  let proxy: Awaited<ReturnType<typeof createTcpProxy>>;
  beforeAll(async () => {
    const cacheUrl = await createTestRedis();
    proxy = await createTcpProxy(cacheUrl);
    test = await createTestApp({ LOCKKEEPER_CACHE_REDIS_URL: proxy.url });
    elsewhere = await createTestApp({ ...test.environment, LOCKKEEPER_CACHE_REDIS_URL: cacheUrl });
    logs = await LogReading.create(test);
  });
  afterAll(async () => {
    await proxy.restore().catch(() => undefined);
    await logs.close();
    await elsewhere.close();
    await test.close();
  });

  it('is done without, and what it missed is made good for when it is back', async () => {
    const id = someDevice();
    const readElsewhere = () =>
      elsewhere.app.get(DevicePages).read(id, 100, () => Promise.resolve('{"total":1,"data":["old"]}'));
    await readElsewhere();
    expect((await readElsewhere()).source).toBe('cache');
    await proxy.cut();
    await logs.store([logLine({ device_id: id, message: 'new' })]);
    await test.app.get(DevicePages).invalidate([id]);
    for (let read = 0; read < 2; read++) {
      expect(await logs.device(id)).toMatchObject({ source: 'database', data: [{ message: 'new' }] });
    }
    expect((await logs.get('stats')).statusCode).toBe(200);
    // This is the one case in which somebody else still sees the old page.
    expect((await readElsewhere()).source).toBe('cache');
    await proxy.restore();
    await waitUntil('the old page is gone', async () => (await readElsewhere()).source === 'database');
    await waitUntil('pages are cached again', async () => (await logs.device(id)).source === 'cache');
  });
});

describe('the statistics', () => {
  it('tell totals, levels and the most active devices, and may be a minute old', async () => {
    const test = await createTestApp();
    const logs = await LogReading.create(test);
    const redis = new Redis(test.environment['LOCKKEEPER_REDIS_URL'] ?? '');
    const read = async () => (await logs.get('stats')).json<Record<string, unknown>>();
    expect(await read()).toEqual({ total_logs: 0, logs_by_level: {}, recent_devices: [] });
    const ttl = await redis.ttl('cache:stats');
    expect(ttl).toBeGreaterThan(50);
    expect(ttl).toBeLessThanOrEqual(60);
    const devices = Array.from({ length: 12 }, (_, index) => `device-${String(index).padStart(2, '0')}`);
    await logs.store(
      devices.flatMap((device_id, index) =>
        Array.from({ length: index + 1 }, () => logLine({ device_id, log_level: 'ERROR' })),
      ),
    );
    await logs.database.single.query(
      `INSERT INTO log_days (day, slot, stored_lines, dropped_lines, info_lines, error_lines) VALUES
        (UTC_DATE(), 0, 70, 0, 0, 70), (UTC_DATE(), 1, 8, 0, 3, 5),
        ('2020-01-01', 0, 5, 5, 0, 0), ('2020-01-02', 0, 3, 0, 3, 0), ('2020-01-02', 1, -3, 0, -3, 0)`,
    );
    expect((await read())['total_logs']).toBe(0);
    await redis.del('cache:stats');
    expect(await read()).toEqual({
      total_logs: 78,
      logs_by_level: { INFO: 3, ERROR: 75 },
      recent_devices: devices.slice(2).toReversed(),
    });
    redis.disconnect();
    await logs.close();
    await test.close();
  });
});

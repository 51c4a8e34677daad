import { once } from 'node:events';
import { request } from 'node:http';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TailPublisher } from '../../src/modules/logs/query/tail/tail-publisher.js';
import { Drain } from '../../src/platform/http/index.js';
import { RedisAwayError } from '../../src/platform/redis/index.js';
import { TailClient } from '../factories/log-tails.js';
import { LogReading } from '../factories/log-reading.js';
import { logLine, someDevice } from '../factories/logs.js';
import { createTcpProxy } from '../factories/tcp-proxy.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { waitUntil } from '../factories/wait.js';

const MAX_TAILS = 4;

describe('a tail of the log', () => {
  let test: TestApp;
  let second: TestApp;
  let logs: LogReading;
  let redis: Redis;
  let urls: string[];
  const clients: TailClient[] = [];
  beforeAll(async () => {
    test = await createTestApp({ LOCKKEEPER_LOGS_CONCURRENT_TAILS: String(MAX_TAILS) });
    second = await createTestApp(test.environment);
    for (const { app } of [test, second]) await app.listen(0, '127.0.0.1');
    urls = [await test.app.getUrl(), await second.app.getUrl()];
    logs = await LogReading.create(test);
    redis = new Redis(test.environment['LOCKKEEPER_REDIS_URL'] ?? '');
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.leave();
    await waitUntil('no tail is left', async () => (await redis.zcard('logs:tails')) === 0);
  });
  afterAll(async () => {
    redis.disconnect();
    await logs.close();
    await second.close();
    await test.close();
  });

  async function open(filters: Record<string, string> = {}, url = urls[0] ?? ''): Promise<TailClient> {
    const client = await TailClient.open(url, logs.headers, filters);
    clients.push(client);
    return client;
  }
  /** What a writer does after its commit, in this or that process. */
  const publish = (lines: ReturnType<typeof logLine>[], from = test) =>
    from.app.get(TailPublisher).publish(() => lines);
  const until = (client: TailClient, messages: readonly string[]) =>
    waitUntil(`${messages.length} lines`, () => client.messages.length >= messages.length).then(() =>
      expect(client.messages).toEqual(messages),
    );

  it('shows what two processes commit, in two processes, in one order', async () => {
    const tails = [await open(), await open({}, urls[1])];
    const sent: string[] = [];
    for (let batch = 0; batch < 20; batch++) {
      const lines = [1, 2, 3].map((n) => logLine({ message: `${batch}.${n}` }));
      await publish(lines, batch % 2 === 0 ? test : second);
      sent.push(...lines.map(({ message }) => message));
    }
    for (const tail of tails) await until(tail, sent);
  });

  it('shows whole lines under their ids', async () => {
    const tail = await open();
    const line = logLine({ log_data: { a: '行' }, message: 'two\nlines', trace_id: 'a'.repeat(32) });
    await publish([line]);
    await until(tail, ['two\nlines']);
    expect(tail.of('line')).toEqual([{ ...line, created_at: new Date(line.created_at).toISOString() }]);
    expect(tail.events.at(-1)?.id).toBe(line.id);
  });

  it('shows what fits its filters', async () => {
    const device_id = someDevice();
    const tails = [
      await open({ device_id }),
      await open({ level: 'error,CRITICAL' }),
      await open({ q: 'NEEDLE %' }),
    ];
    await publish([
      logLine({ message: 'a', device_id }),
      logLine({ message: 'b', log_level: 'ERROR' }),
      logLine({ message: 'c needle %' }),
      logLine({ message: 'd needle %', device_id, log_level: 'CRITICAL' }),
      logLine({ message: 'e' }),
    ]);
    const expected = [
      ['a', 'd needle %'],
      ['b', 'd needle %'],
      ['c needle %', 'd needle %'],
    ];
    for (const [index, tail] of tails.entries()) await until(tail, expected[index] ?? []);
  });

  it('shows a line once that a writer publishes again because it does not know', async () => {
    const tail = await open();
    const [first, last] = [logLine({ message: 'first' }), logLine({ message: 'last' })];
    await publish([first]);
    await publish([first]);
    await publish([first, last]);
    await until(tail, ['first', 'last']);
    expect(tail.of('dropped')).toEqual([]);
  });

  it('counts what it leaves out when too much is committed', async () => {
    const tail = await open();
    const commits = 10;
    for (let commit = 0; commit < commits; commit++) {
      await publish(Array.from({ length: 1_000 }, (_, n) => logLine({ message: `${commit}.${n}` })));
    }
    await publish([logLine({ message: 'end' })]);
    await waitUntil('the end is shown', () => tail.messages.includes('end'));
    const dropped = tail.of('dropped').reduce((sum, { count }) => sum + Number(count), 0);
    expect(dropped).toBeGreaterThan(0);
    expect(tail.messages.length + dropped).toBe(commits * 1_000 + 1);
  });

  it('keeps a bounded number of lines for a client that does not read', async () => {
    const url = new URL(`${urls[0]}/api/logs/tail`);
    const asking = request(url, { headers: logs.headers }).end();
    const [answer] = (await once(asking, 'response')) as [NodeJS.ReadableStream & { destroy(): void }];
    answer.pause();
    const data = { long: 'x'.repeat(10_000) };
    for (let commit = 0; commit < 15; commit++) {
      await publish(Array.from({ length: 200 }, () => logLine({ log_data: data })));
    }
    const [stream = ''] = await redis.keys('logs:tail:*');
    expect(await redis.xlen(stream)).toBeLessThanOrEqual(500);
    expect(await redis.pttl(stream)).toBeGreaterThan(0);
    answer.destroy();
  });

  it('shows a very long line without its data', async () => {
    const tail = await open();
    await publish([logLine({ message: 'long', log_data: { long: 'x'.repeat(20_000) } })]);
    await until(tail, ['long']);
    expect(tail.of('line')).toMatchObject([{ log_data: null, is_shortened: true }]);
  });

  it('costs the writers nothing while nobody follows', async () => {
    let isRead = false;
    await test.app.get(TailPublisher).publish(() => {
      isRead = true;
      return [];
    });
    expect(isRead).toBe(false);
    expect(await redis.keys('logs:tail:*')).toEqual([]);
  });

  it('is forgotten when its process has died', async () => {
    await redis.zadd('logs:tails', Date.now() - 5_000, JSON.stringify({ id: logLine().id, filter: {} }));
    await publish([logLine()]);
    expect(await redis.zcard('logs:tails')).toBe(0);
    expect(await redis.keys('logs:tail:*')).toEqual([]);
  });

  it('does not hold up writers with what they cannot read', async () => {
    await redis.zadd('logs:tails', Date.now() + 5_000, 'no json');
    const tail = await open();
    await publish([logLine({ message: 'all the same' })]);
    await until(tail, ['all the same']);
    await redis.zrem('logs:tails', 'no json');
  });

  it('is refused when there are too many, and its place is free again when it is left', async () => {
    for (let tail = 0; tail < MAX_TAILS; tail++) await open();
    const answer = await fetch(`${urls[0]}/api/logs/tail`, { headers: logs.headers });
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('10');
    expect(await answer.json()).toMatchObject({ code: 'too_many_log_tails' });
    clients.pop()?.leave();
    await waitUntil('there is room', () => open().catch(() => undefined));
  });

  it.each([
    ['level', { level: 'x' }],
    ['q', { q: '' }],
    ['device_id', { device_id: '' }],
  ])('refuses a bad %s', async (param, filters: Record<string, string>) => {
    const answer = await logs.get('logs/tail', filters);
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: 'invalid_request', param });
  });

  it('says that lines may be missing when it was forgotten, and goes on', async () => {
    const tail = await open();
    await publish([logLine({ message: 'before' })]);
    await until(tail, ['before']);
    await redis.flushdb();
    await publish([logLine({ message: 'missed' })]);
    await waitUntil('the gap is told', () => tail.of('gap').length === 1);
    await publish([logLine({ message: 'after' })]);
    await until(tail, ['before', 'after']);
  });

  it('ends with a word when its process stops', async () => {
    const third = await createTestApp(test.environment);
    await third.app.listen(0, '127.0.0.1');
    const tail = await open({}, await third.app.getUrl());
    await third.app.get(Drain).drain(third.app.getHttpAdapter().getInstance(), 20_000);
    await waitUntil('it has ended', () => tail.hasEnded);
    expect(tail.of('end')).toEqual([{ reason: 'shutdown' }]);
    await third.close();
  });
});

describe('a tail while Redis is away', () => {
  it('is not opened, and one that is open goes on; the writer is told that nothing was published', async () => {
    const direct = await createTestApp();
    const proxy = await createTcpProxy(direct.environment['LOCKKEEPER_REDIS_URL'] ?? '');
    const test = await createTestApp({ ...direct.environment, LOCKKEEPER_REDIS_URL: proxy.url });
    await test.app.listen(0, '127.0.0.1');
    const logs = await LogReading.create(test);
    const url = await test.app.getUrl();
    const tail = await TailClient.open(url, logs.headers);
    await proxy.cut();
    const publisher = test.app.get(TailPublisher);
    await expect(publisher.publish(() => [logLine()])).rejects.toThrow(RedisAwayError);
    await waitUntil('it is noticed', async () => (await logs.get('logs/tail')).statusCode === 503);
    await direct.app.get(TailPublisher).publish(() => [logLine({ message: 'meanwhile' })]);
    await proxy.restore();
    await waitUntil('the line is shown', () => tail.messages.includes('meanwhile'));
    expect(tail.of('gap')).toEqual([]);
    tail.leave();
    await logs.close();
    await test.close();
    await direct.close();
  });
});

import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigModule, loadConfig } from '../../src/platform/config/index.js';
import {
  DURABLE_REDIS,
  RedisAwayError,
  RedisBreaker,
  type RedisClient,
  redisConfig,
  RedisModule,
  RedisScript,
} from '../../src/platform/redis/index.js';
import { OwnRedis } from '../factories/own-redis.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { shortestOf, waitUntil } from '../factories/wait.js';

const LIMIT_MS = 250;
/** For a test machine that does other things besides. */
const GRACE_MS = 400;
const AT_ONCE_MS = 50;

interface LogLine {
  level: 'log' | 'warn';
  message: string;
  fields: Record<string, unknown>;
}

describe('the Redis breaker', () => {
  let redis: OwnRedis;
  let way: TcpProxy;
  let app: INestApplicationContext;
  let breaker: RedisBreaker;
  let client: RedisClient;
  let lines: LogLine[];

  beforeEach(async () => {
    redis = await OwnRedis.start();
    way = await createTcpProxy(redis.url);
    await start(way.url);
  });
  afterEach(async () => {
    redis.thaw();
    await app.close();
    await redis.dispose();
    await way.cut().catch(() => undefined);
  });

  async function start(url: string) {
    const definitions = [redisConfig];
    const config = loadConfig({ LOCKKEEPER_REDIS_URL: url }, definitions);
    const root = {
      module: class TestRootModule {},
      imports: [ConfigModule.forRoot(config, definitions), RedisModule],
    };
    lines = [];
    const note = (level: LogLine['level']) => (message: string, fields: LogLine['fields']) =>
      lines.push({ level, message, fields });
    const logger = { log: note('log'), warn: note('warn'), error: () => undefined };
    app = await NestFactory.createApplicationContext(root, { logger, abortOnError: false });
    lines = [];
    breaker = app.get(RedisBreaker);
    client = app.get<RedisClient>(DURABLE_REDIS);
  }

  const write = () => breaker.run(() => client.set(randomUUID(), 'x'));
  async function timed(work: () => Promise<unknown>) {
    const startedAt = performance.now();
    const error = await work().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return { error, elapsedMs: performance.now() - startedAt };
  }
  async function expectAwayAtOnce() {
    let isAsked = false;
    const shortestMs = await shortestOf(3, async () => {
      const { error, elapsedMs } = await timed(() =>
        breaker.run(async () => {
          isAsked = true;
        }),
      );
      expect(error).toBeInstanceOf(RedisAwayError);
      return elapsedMs;
    });
    expect(shortestMs).toBeLessThan(AT_ONCE_MS);
    expect(isAsked).toBe(false);
  }
  const closed = () => waitUntil('the breaker to close', () => !breaker.isOpen);
  const open = () => waitUntil('the breaker to open', () => breaker.isOpen);
  const messages = () => lines.map(({ message }) => message);

  it('lets answers through while Redis is there', async () => {
    expect(await write()).toBe('OK');
    expect(breaker.isOpen).toBe(false);
  });

  it('opens when Redis hangs: the first call waits for the limit, the second not at all', async () => {
    redis.freeze();
    const { error, elapsedMs } = await timed(write);
    expect(error).toBeInstanceOf(RedisAwayError);
    expect((error as RedisAwayError).cause).toMatchObject({ message: 'no answer within 250 ms' });
    expect(elapsedMs).toBeGreaterThan(LIMIT_MS - 20);
    expect(elapsedMs).toBeLessThan(LIMIT_MS + GRACE_MS);
    expect(breaker.isOpen).toBe(true);
    await expectAwayAtOnce();
    redis.thaw();
    await closed();
    expect(await write()).toBe('OK');
  });

  it('stays open for as long as Redis hangs, however long, and does not pile up probes', async () => {
    redis.freeze();
    await timed(write);
    const unanswered = () => (client as unknown as { commandQueue: { length: number } }).commandQueue.length;
    const startedAt = performance.now();
    let most = 0;
    await waitUntil('three probes that were due', () => {
      most = Math.max(most, unanswered());
      return performance.now() - startedAt > 1_800;
    });
    // What opened it, and one probe.
    expect(most).toBe(2);
    expect(breaker.isOpen).toBe(true);
    redis.thaw();
    await closed();
  });

  it('opens by itself when Redis is killed, and closes when it is there again', async () => {
    await redis.kill();
    const { error, elapsedMs } = await timed(write);
    expect(error).toBeInstanceOf(RedisAwayError);
    expect(elapsedMs).toBeLessThan(LIMIT_MS + GRACE_MS);
    await expectAwayAtOnce();
    await redis.startAgain();
    await closed();
    expect(await write()).toBe('OK');
  });

  it('opens without being asked when connections are refused', async () => {
    await way.cut();
    await open();
    await expectAwayAtOnce();
    await way.restore();
    await closed();
  });

  it('opens soon in a process that was started while Redis was away', async () => {
    await app.close();
    await way.cut();
    await start(way.url);
    const { elapsedMs } = await timed(write);
    expect(elapsedMs).toBeLessThan(LIMIT_MS + GRACE_MS);
    await expectAwayAtOnce();
    await way.restore();
    await closed();
  });

  it('gives up a connection that is dead without a word, and makes another', async () => {
    way.mute();
    await timed(write);
    await waitUntil('another connection', () => client.status !== 'ready');
    way.unmute();
    await closed();
    expect(await write()).toBe('OK');
  });

  it('opens at the refusal of a write for want of memory, and closes when there is room', async () => {
    await redis.fill();
    // Reading goes on, and tells nothing.
    expect(await breaker.run(() => client.get('nothing'))).toBeNull();
    expect(breaker.isOpen).toBe(false);
    const { error } = await timed(write);
    expect(error).toBeInstanceOf(RedisAwayError);
    expect(String((error as RedisAwayError).cause)).toContain('OOM');
    expect(breaker.isOpen).toBe(true);
    await redis.makeRoom();
    await closed();
    expect(await write()).toBe('OK');
  });

  it('opens when its server has become a replica, and looks for another by a new connection', async () => {
    let connections = 0;
    client.on('connect', () => connections++);
    await redis.demote();
    const { error } = await timed(write);
    expect(String((error as RedisAwayError).cause)).toContain('READONLY');
    await waitUntil('another connection', () => connections > 0);
    expect(breaker.isOpen).toBe(true);
    await redis.promote();
    await closed();
    expect(await write()).toBe('OK');
  });

  it('opens when a script or a transaction is refused for want of memory', async () => {
    await redis.fill();
    const script = new RedisScript("return redis.call('SET', KEYS[1], 'x')");
    expect((await timed(() => breaker.run(() => script.run(client, ['k'], [])))).error).toBeInstanceOf(
      RedisAwayError,
    );
    await redis.makeRoom();
    await closed();
    await redis.fill();
    const { error } = await timed(() => breaker.run(() => client.multi().set('k', 'x').exec()));
    expect(error).toBeInstanceOf(RedisAwayError);
    expect(breaker.isOpen).toBe(true);
  });

  it('stays closed at errors that say nothing about Redis, and passes them on', async () => {
    await client.set('text', 'x');
    const wrongs: [string, () => Promise<unknown>][] = [
      ['WRONGTYPE', () => client.lpush('text', 'y')],
      ['boom', () => client.eval("return redis.error_reply('ERR boom')", 0)],
      ['OOM_ is not the word', () => Promise.reject(new Error('OOM_ is not the word'))],
      ['ERR Error compiling', () => new RedisScript('nonsense').run(client, [], [])],
      ['of our own', () => Promise.reject(new TypeError('of our own'))],
    ];
    for (const [text, wrong] of wrongs) {
      const { error } = await timed(() => breaker.run(wrong));
      expect(error).not.toBeInstanceOf(RedisAwayError);
      expect(String(error)).toContain(text);
    }
    expect(breaker.isOpen).toBe(false);
  });

  it('does not take a delay of its own process for an outage', async () => {
    const block = (forMs: number) => {
      const until = performance.now() + forMs;
      while (performance.now() < until);
    };
    const one = write();
    block(600);
    expect(await one).toBe('OK');
    // Once more between two round trips, and from within the reading of the socket.
    const two = breaker.run(async () => {
      await client.get('a');
      block(600);
      const second = client.get('b');
      block(600);
      return second;
    });
    expect(await two).toBeNull();
    expect(breaker.isOpen).toBe(false);
    expect(lines).toEqual([]);
  });

  it('does not take very many commands at once for an outage', async () => {
    const answers = await Promise.all(Array.from({ length: 20_000 }, write));
    expect(new Set(answers)).toEqual(new Set(['OK']));
    expect(breaker.isOpen).toBe(false);
  });

  it('says when Redis goes and when it comes: one line, one call of the listeners, and metrics', async () => {
    const heard: boolean[] = [];
    breaker.onChange((isOpen) => heard.push(isOpen));
    const [openBefore, closedBefore] = [await changesTo('open'), await changesTo('closed')];
    redis.freeze();
    await Promise.all([timed(write), timed(write), timed(write)]);
    expect(heard).toEqual([true]);
    expect(lines).toEqual([
      {
        level: 'warn',
        message: 'degraded: Redis is away',
        fields: expect.objectContaining({ reason: 'no answer within 250 ms' }),
      },
    ]);
    expect(await isOpenMetric()).toBe(1);
    redis.thaw();
    await closed();
    expect(heard).toEqual([true, false]);
    expect(messages()).toEqual(['degraded: Redis is away', 'Redis is back']);
    expect(lines[1]?.fields['away_ms']).toBeGreaterThan(900);
    expect(await isOpenMetric()).toBe(0);
    expect((await changesTo('open')) - openBefore).toBe(1);
    expect((await changesTo('closed')) - closedBefore).toBe(1);
  });

  async function metric(name: string) {
    return (await register.getSingleMetric(name)?.get())?.values ?? [];
  }
  const isOpenMetric = async () => (await metric('lockkeeper_redis_breaker_open'))[0]?.value;
  const changesTo = async (to: string) =>
    (await metric('lockkeeper_redis_breaker_changes_total')).find(({ labels }) => labels['to'] === to)
      ?.value ?? 0;
});

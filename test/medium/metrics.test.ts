import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Transactions } from '../../src/platform/database/index.js';
import { newId } from '../../src/shared/ids.js';
import { saveAllTurns, TestChatter } from '../factories/chat.js';
import { MetricsText } from '../factories/metrics.js';
import { OwnRedis } from '../factories/own-redis.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestDatabase, type TestDatabase } from '../factories/test-database.js';
import { createTestWorker } from '../factories/test-worker.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { bearer } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

/** How long a scrape may take whatever hangs; a test machine that does other things besides gets some grace. */
const PROMISED_MS = 300;
const GRACE_MS = 900;

async function scrape({ app }: TestApp): Promise<MetricsText> {
  return new MetricsText((await app.inject({ url: '/metrics' })).body);
}

/** Scrapes until it is so: readings are kept for a second. */
function scrapeUntil(test: TestApp, what: string, isSo: (metrics: MetricsText) => boolean) {
  return waitUntil(what, async () => {
    const metrics = await scrape(test);
    return isSo(metrics) && metrics;
  });
}

describe('the metrics of the API', () => {
  let test: TestApp;
  let chatter: TestChatter;
  beforeAll(async () => {
    test = await createTestApp();
    await test.app.listen(0, '127.0.0.1');
    chatter = await TestChatter.create(test);
  });
  afterAll(() => test.close());

  const requests = 'lockkeeper_http_requests_total';

  it('count requests by the pattern of their route, and time them', async () => {
    const ids = [newId(), newId(), newId()];
    for (const id of ids) {
      await test.app.inject({ url: `/api/conversations/${id}?x=1`, headers: bearer(chatter.user.apiKey) });
    }
    const labels = { method: 'GET', route: '/api/conversations/:id', process: 'api-0' };
    const metrics = await scrapeUntil(test, 'three requests', (now) => now.sum(requests, labels) === 3);
    expect(metrics.value(requests, { ...labels, status: '404' })).toBe(3);
    const duration = 'lockkeeper_http_request_duration_seconds';
    expect(metrics.value(`${duration}_count`, labels)).toBe(3);
    expect(metrics.value(`${duration}_bucket`, { ...labels, le: '+Inf' })).toBe(3);
    expect(metrics.value(`${duration}_sum`, labels)).toBeGreaterThan(0);
    for (const id of ids) expect(metrics.text).not.toContain(id);
  });

  it('count what fits no route under one name', async () => {
    for (const path of ['/nothing', '/api/nothing/else', '/%00']) await test.app.inject({ url: path });
    const labels = { method: 'GET', route: 'unmatched' };
    const metrics = await scrapeUntil(test, 'three requests', (now) => now.sum(requests, labels) === 3);
    expect(metrics.text).not.toContain('nothing');
  });

  it('count a request whose client has gone', async () => {
    const before = (await scrape(test)).sum(requests, { route: '/v1/chat/completions' });
    const stream = await chatter.stream('Hello', 'local:tokens=50,delay_ms=50');
    await stream.next();
    stream.leave();
    await scrapeUntil(
      test,
      'the request',
      (now) => now.sum(requests, { route: '/v1/chat/completions' }) === before + 1,
    );
  });

  it('count turns, what was charged for them, and their saves', async () => {
    const before = await scrape(test);
    const moved = (now: MetricsText, name: string, labels = {}) =>
      now.sum(name, labels) - before.sum(name, labels);
    for (const text of ['one', 'two']) await chatter.say(text);
    await saveAllTurns(test);
    const after = await scrapeUntil(test, 'two turns', (now) => {
      return moved(now, 'lockkeeper_turns_total', { status: 'complete' }) >= 2;
    });
    expect(moved(after, 'lockkeeper_coin_entries_total', { kind: 'settle' })).toBeGreaterThanOrEqual(2);
    expect(moved(after, 'lockkeeper_coin_operations_total', { outcome: 'applied' })).toBeGreaterThanOrEqual(
      4,
    );
    expect(moved(after, 'lockkeeper_coins_charged_total')).toBeGreaterThan(0);
    expect(moved(after, 'lockkeeper_saved_turns_total')).toBeGreaterThanOrEqual(2);
    expect(moved(after, 'lockkeeper_save_lag_seconds_count')).toBeGreaterThanOrEqual(2);
    await waitUntil('the coins of the journal', async () => {
      const [{ spent }] = await test.app
        .get(Transactions)
        .single.query<[{ spent: string }]>(
          `SELECT SUM(-balance_delta) AS spent FROM coin_journal WHERE kind = 'settle'`,
        );
      const charged = (await scrape(test)).sum('lockkeeper_coins_charged_total');
      return Math.round(charged * 1_000_000) === Number(spent);
    });
  });
});

describe('the metrics of shared things', () => {
  let test: TestApp;
  let worker: INestApplicationContext;
  let database: TestDatabase;
  let databaseWay: TcpProxy;
  let redis: OwnRedis;
  beforeAll(async () => {
    database = await createTestDatabase();
    databaseWay = await createTcpProxy(database.url);
    redis = await OwnRedis.start();
    test = await createTestApp({
      LOCKKEEPER_DATABASE_URL: databaseWay.url,
      LOCKKEEPER_REDIS_URL: redis.url,
      LOCKKEEPER_REDIS_COMMAND_TIMEOUT_MS: '250',
    });
    worker = await createTestWorker(test.environment);
  });
  afterAll(async () => {
    databaseWay.unmute();
    redis.thaw();
    await worker.close();
    await test.close();
    await database.drop();
    await redis.dispose();
  });

  const isUp = (metrics: MetricsText, server: 'redis' | 'mysql') => metrics.value(`lockkeeper_${server}_up`);
  const bothUp = () =>
    scrapeUntil(test, 'both servers', (now) => isUp(now, 'redis') === 1 && isUp(now, 'mysql') === 1);

  it('are there once, without a process', async () => {
    await test.app.get(Transactions).single.query(
      `INSERT INTO parked_conversations (conversation_id, shard, turn_id, error, parked_at)
         VALUES (?, 0, ?, 'wanted', UTC_TIMESTAMP(3))`,
      [newId(), newId()],
    );
    await bothUp();
    const metrics = await scrapeUntil(test, 'the parked one', (now) => {
      return now.value('lockkeeper_parked_conversations') === 1;
    });
    for (const queue of ['conversation-saves', 'message_index']) {
      for (const state of ['waiting', 'active', 'delayed', 'failed']) {
        expect(metrics.value('lockkeeper_queue_jobs', { queue, state }), `${queue} ${state}`).toBe(0);
      }
      expect(metrics.value('lockkeeper_queue_oldest_age_seconds', { queue })).toBe(0);
      expect(metrics.value('lockkeeper_queue_objective_seconds', { queue })).toBeGreaterThan(0);
    }
    expect(metrics.value('lockkeeper_redis_memory_bytes')).toBeGreaterThan(100_000);
    expect(metrics.value('lockkeeper_logs_accounting_lines', { state: 'accepted' })).toBe(0);
    expect(metrics.value('lockkeeper_logs_books_closed')).toBe(1);
    const shared = metrics.series.filter(({ labels }) => !('process' in labels)).map(({ name }) => name);
    expect(new Set(shared).size).toBeGreaterThan(10);
    expect(metrics.find('process_cpu_seconds_total').map(({ labels }) => labels['process'])).toEqual([
      'api-0',
      'worker-0',
    ]);
  });

  it.each(['redis', 'mysql'] as const)(
    'are left out while %s hangs, and the others come in time',
    async (server) => {
      await bothUp();
      if (server === 'redis') redis.freeze();
      else databaseWay.mute();
      const absent =
        server === 'redis' ? 'lockkeeper_queue_jobs' : 'lockkeeper_saves_waiting_turns_in_database';
      const metrics = await scrapeUntil(test, 'the outage', (now) => {
        return isUp(now, server) === 0 && now.find(absent).length === 0;
      });
      expect(isUp(metrics, server === 'redis' ? 'mysql' : 'redis')).toBe(1);
      expect(metrics.sum('lockkeeper_process_up')).toBe(2);
      const elapsedMs: number[] = [];
      await waitUntil('scrapes of more than one reading', async () => {
        const startedAt = performance.now();
        await scrape(test);
        elapsedMs.push(performance.now() - startedAt);
        return elapsedMs.filter((ms) => ms > 50).length >= 2;
      });
      expect(Math.max(...elapsedMs)).toBeLessThan(PROMISED_MS + GRACE_MS);
      redis.thaw();
      databaseWay.unmute();
      await scrapeUntil(
        test,
        'the way back',
        (now) => isUp(now, server) === 1 && now.find(absent).length > 0,
      );
    },
  );

  it('come while Redis and MySQL are both stopped', async () => {
    await bothUp();
    await redis.kill();
    await databaseWay.cut();
    const metrics = await scrapeUntil(test, 'both outages', (now) => {
      return isUp(now, 'redis') === 0 && isUp(now, 'mysql') === 0;
    });
    expect(metrics.sum('lockkeeper_process_up')).toBe(2);
    expect(metrics.find('lockkeeper_http_requests_total', { route: '/metrics' })).not.toEqual([]);
    await redis.startAgain();
    await databaseWay.restore();
    await bothUp();
  });
});

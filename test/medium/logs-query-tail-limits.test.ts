import { once } from 'node:events';
import { request } from 'node:http';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TailPublisher } from '../../src/modules/logs/query/tail/tail-publisher.js';
import { LogReading } from '../factories/log-reading.js';
import { TailClient } from '../factories/log-tails.js';
import { logLine } from '../factories/logs.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { waitUntil } from '../factories/wait.js';

const PATIENCE_MS = 300;
const DURATION_MS = 4_000;

/** A client that reads the head of the answer and nothing after it. */
async function openUnread(url: string, headers: Record<string, string>): Promise<{ leave(): void }> {
  const asking = request(url, { headers }).end();
  const [answer] = (await once(asking, 'response')) as [NodeJS.ReadableStream];
  answer.pause();
  // It is cut off, and hears of that when it reads.
  answer.on('error', () => undefined);
  asking.on('error', () => undefined);
  return { leave: () => asking.destroy() };
}

describe('the limits of a tail', () => {
  let slow: TestApp;
  let short: TestApp;
  let logs: LogReading;
  let redis: Redis;
  beforeAll(async () => {
    slow = await createTestApp({
      LOCKKEEPER_LOGS_TAIL_PATIENCE_MS: String(PATIENCE_MS),
      LOCKKEEPER_LOGS_CONCURRENT_TAILS: '1',
    });
    short = await createTestApp({
      ...slow.environment,
      LOCKKEEPER_LOGS_TAIL_DURATION_MS: String(DURATION_MS),
    });
    for (const { app } of [slow, short]) await app.listen(0, '127.0.0.1');
    logs = await LogReading.create(slow);
    redis = new Redis(slow.environment['LOCKKEEPER_REDIS_URL'] ?? '');
  });
  afterAll(async () => {
    redis.disconnect();
    await logs.close();
    await short.close();
    await slow.close();
  });

  it('cut off a client that takes nothing, and free its place', async () => {
    const url = await slow.app.getUrl();
    const client = await openUnread(`${url}/api/logs/tail`, logs.headers);
    const data = { long: 'x'.repeat(10_000) };
    const publisher = slow.app.get(TailPublisher);
    // What the sockets on the way hold comes first: megabytes, on some machines.
    await waitUntil('it is given up', async () => {
      await publisher.publish(() => Array.from({ length: 200 }, () => logLine({ log_data: data })));
      return (await redis.zcard('logs:tails')) === 0;
    });
    const next = await waitUntil('there is room', () =>
      TailClient.open(url, logs.headers).catch(() => undefined),
    );
    await publisher.publish(() => [logLine({ message: 'to the next' })]);
    await waitUntil('the next is served', () => next.messages.includes('to the next'));
    next.leave();
    client.leave();
    await waitUntil('no tail is left', async () => (await redis.zcard('logs:tails')) === 0);
  });

  it('leave a client alone that has nothing to take', async () => {
    const client = await TailClient.open(await slow.app.getUrl(), logs.headers);
    const since = performance.now();
    await waitUntil('some patience to have passed', () => performance.now() - since > 3 * PATIENCE_MS);
    await slow.app.get(TailPublisher).publish(() => [logLine({ message: 'at last' })]);
    await waitUntil('the line', () => client.messages.includes('at last'));
    expect(client.hasEnded).toBe(false);
    client.leave();
    await waitUntil('no tail is left', async () => (await redis.zcard('logs:tails')) === 0);
  });

  it('end a tail with a word when its time is up', async () => {
    const openedAt = performance.now();
    const client = await TailClient.open(await short.app.getUrl(), logs.headers);
    await short.app.get(TailPublisher).publish(() => [logLine({ message: 'in time' })]);
    await waitUntil('it has ended', () => client.hasEnded);
    expect(performance.now() - openedAt).toBeGreaterThanOrEqual(DURATION_MS);
    expect(client.messages).toEqual(['in time']);
    expect(client.events.at(-1)).toMatchObject({ event: 'end', data: JSON.stringify({ reason: 'time_up' }) });
    await waitUntil('no tail is left', async () => (await redis.zcard('logs:tails')) === 0);
  });
});

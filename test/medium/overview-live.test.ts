import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Drain } from '../../src/platform/http/index.js';
import { LiveClient } from '../factories/live-client.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, createUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const MAX_STREAMS = 50;

describe('the live stream of the overview', () => {
  let test: TestApp;
  let url: string;
  let operator: Record<string, string>;
  const clients: LiveClient[] = [];
  beforeAll(async () => {
    test = await createTestApp();
    await test.app.listen(0, '127.0.0.1');
    url = await test.app.getUrl();
    operator = bearer((await createUser(test, { role: 'operator' })).apiKey);
  });
  afterAll(async () => {
    for (const client of clients) client.leave();
    await test.close();
  });
  async function open(): Promise<LiveClient> {
    const client = await LiveClient.open(url, operator);
    clients.push(client);
    return client;
  }

  it('tells it at once and then again and again, to up to 50 clients', async () => {
    const first = await open();
    await waitUntil('an overview', () => first.events.length > 0, 1_500);
    await waitUntil('two more', () => first.events.length > 2, 10_000);
    expect(first.events.every(({ event }) => event === 'overview')).toBe(true);
    const { overviews } = first;
    expect(new Set(overviews.map(({ at }) => at)).size).toBe(overviews.length);
    expect(overviews.some(({ verdicts }) => verdicts.liveness.reason_code === 'no_worker')).toBe(true);

    const others = await Promise.all(Array.from({ length: MAX_STREAMS - 1 }, open));
    expect(others.every(({ status }) => status === 200)).toBe(true);
    expect((await open()).status).toBe(429);
    others[0]?.leave();
    await waitUntil('room for one more', async () => (await open()).status === 200, 10_000);
  });

  it('ends, and says why, when the process stops', async () => {
    const client = clients[0];
    const stopping = test.app.get(Drain).drain(test.app.getHttpAdapter().getInstance(), 5_000);
    const last = await waitUntil('the end', () => client?.events.find(({ event }) => event === 'end'), 5_000);
    expect(JSON.parse(last.data)).toEqual({ reason: 'shutdown' });
    for (const other of clients) other.leave();
    await Promise.race([stopping, delay(5_000)]);
  });
});

import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DURABLE_REDIS } from '../../src/platform/redis/index.js';
import { keysWith, TestErasures } from '../factories/erasures.js';
import { OwnRedis } from '../factories/own-redis.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, createUser, type TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

interface MemoryBody {
  key: string;
  value: unknown;
  version: number;
  expires_at: string;
  code?: string;
  details?: { version: number };
}

/** Of a value, a page, or an error. */
type AnswerBody = MemoryBody & { items: (MemoryBody & { bytes: number })[]; next_cursor: string | null };

describe('the memory of agents', () => {
  let test: TestApp;
  let user: TestUser;
  beforeAll(async () => {
    test = await createTestApp({
      LOCKKEEPER_AGENT_MEMORY_VALUE_BYTES: '1000',
      LOCKKEEPER_AGENT_MEMORY_VALUES: '120',
      LOCKKEEPER_AGENT_MEMORY_BYTES: '5000',
    });
    user = await createUser(test);
  });
  afterAll(() => test.close());

  const newAgent = () => `agent-${randomUUID()}`;

  async function call(
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    path: string,
    payload?: object,
    { of = user, headers = {} }: { of?: TestUser; headers?: Record<string, string> } = {},
  ): Promise<{ status: number; body: AnswerBody }> {
    const answer = await test.app.inject({
      method,
      url: `/api/agents/${path}`,
      headers: { ...bearer(of.apiKey), ...headers },
      ...(payload && { payload }),
    });
    return {
      status: answer.statusCode,
      body: answer.body === '' ? ({} as AnswerBody) : answer.json<AnswerBody>(),
    };
  }
  const put = (agent: string, key: string, body: object, of = user) =>
    call('PUT', `${agent}/memory/${encodeURIComponent(key)}`, body, { of });
  const get = (agent: string, key: string, of = user) =>
    call('GET', `${agent}/memory/${encodeURIComponent(key)}`, undefined, { of });

  describe('a value', () => {
    it('is any JSON, and comes back as it was put', async () => {
      const agent = newAgent();
      const values = [null, [], {}, '', 'Zürich 苏黎世 "\\', 1e21, 0.1, [[], { a: [] }], { é: { n: null } }];
      for (const value of values) {
        expect((await put(agent, 'value', { value })).body.value).toEqual(value);
        expect((await get(agent, 'value')).body.value).toEqual(value);
      }
    });

    it('is remembered for an hour, or as long as is said', async () => {
      const agent = newAgent();
      const msLeft = ({ expires_at }: MemoryBody) => Date.parse(expires_at) - Date.now();
      const usual = await put(agent, 'usual', { value: 1 });
      expect(Math.abs(msLeft(usual.body) - 3_600_000)).toBeLessThan(60_000);
      const short = await put(agent, 'short', { value: 1, ttl_seconds: 86_400 });
      expect(Math.abs(msLeft(short.body) - 86_400_000)).toBeLessThan(60_000);
      // A change leaves it its time.
      const changed = await put(agent, 'short', { value: 2 });
      expect(Math.abs(msLeft(changed.body) - 86_400_000)).toBeLessThan(60_000);
    });

    it('is gone when its time is up, and its room is free', async () => {
      const own = await createUser(test);
      const agent = newAgent();
      const large = 'x'.repeat(990);
      for (const key of ['a', 'b', 'c', 'd', 'e'])
        expect((await put(agent, key, { value: large, ttl_seconds: 1 }, own)).status).toBe(200);
      expect((await put(agent, 'f', { value: large }, own)).body.code).toBe('memory_full');
      await waitUntil('all are gone', async () => (await get(agent, 'e', own)).status === 404);
      await waitUntil('room', async () => (await put(agent, 'f', { value: large }, own)).status === 200);
      const { body } = await call('GET', `${agent}/memory`, undefined, { of: own });
      expect(body.items.map(({ key }) => key)).toEqual(['f']);
    });

    it('leaves nothing behind when all that a user had is gone', async () => {
      const own = await createUser(test);
      await put(newAgent(), 'a', { value: 1, ttl_seconds: 1 }, own);
      const redis = test.app.get<Redis>(DURABLE_REDIS);
      expect(await keysWith(redis, own.id)).not.toEqual([]);
      await waitUntil('nothing', async () =>
        (await keysWith(redis, own.id)).every((key) => !key.startsWith('aam:')),
      );
    });

    it('is each agent’s and each user’s own', async () => {
      const [agent, other] = [newAgent(), await createUser(test)];
      await put(agent, 'secret', { value: 'mine' });
      expect((await get(newAgent(), 'secret')).body.code).toBe('memory_not_found');
      expect((await get(agent, 'secret', other)).body.code).toBe('memory_not_found');
      await put(agent, 'secret', { value: 'theirs' }, other);
      expect((await get(agent, 'secret')).body.value).toBe('mine');
    });

    it('is deleted once', async () => {
      const agent = newAgent();
      await put(agent, 'a', { value: 1 });
      expect((await call('DELETE', `${agent}/memory/a`)).status).toBe(204);
      expect((await call('DELETE', `${agent}/memory/a`)).body.code).toBe('memory_not_found');
      expect((await get(agent, 'a')).status).toBe(404);
    });
  });

  it.each([
    {},
    { value: undefined },
    { value: 1, ttl_seconds: 0 },
    { value: 1, if_version: -1 },
    { value: 1, more: 1 },
  ])('refuses to put %j', async (body) => {
    expect((await put(newAgent(), 'a', body)).status).toBe(422);
  });

  describe('compare and set', () => {
    it('changes only the version that was read', async () => {
      const agent = newAgent();
      const { version } = (await put(agent, 'a', { value: 1, if_version: 0 })).body;
      expect((await put(agent, 'a', { value: 2, if_version: version })).status).toBe(200);
      const late = await put(agent, 'a', { value: 3, if_version: version });
      expect([late.status, late.body.code]).toEqual([409, 'memory_version_conflict']);
      const current = await get(agent, 'a');
      expect(current.body).toMatchObject({ value: 2, version: late.body.details?.version });
      expect((await put(agent, 'a', { value: 4, if_version: 0 })).status).toBe(409);
    });

    it('lets one of many win', async () => {
      const agent = newAgent();
      const { version } = (await put(agent, 'a', { value: 'first' })).body;
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, value) => put(agent, 'a', { value, if_version: version })),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    });

    it('does not take a value that was made anew for the old one', async () => {
      const agent = newAgent();
      const { version } = (await put(agent, 'a', { value: 1 })).body;
      await call('DELETE', `${agent}/memory/a`);
      await put(agent, 'a', { value: 1 });
      expect((await put(agent, 'a', { value: 2, if_version: version })).status).toBe(409);
    });
  });

  describe('appending', () => {
    const append = (agent: string, body: object, headers = {}) =>
      call('POST', `${agent}/memory/log/append`, body, { headers });

    it('makes a list, and loses nothing of many who append at once', async () => {
      const agent = newAgent();
      const numbers = Array.from({ length: 50 }, (_, number) => number);
      await Promise.all(numbers.map((number) => append(agent, { items: [number, [number]] })));
      const list = (await get(agent, 'log')).body.value as (number | number[])[];
      expect(list).toHaveLength(100);
      expect(list.filter((item) => typeof item === 'number').sort((a, b) => a - b)).toEqual(numbers);
    });

    it('goes on behind an empty list and behind a text', async () => {
      const agent = newAgent();
      await put(agent, 'log', { value: [] });
      expect((await append(agent, { items: [{ a: [] }] })).body.value).toEqual([{ a: [] }]);
      await put(agent, 'log', { value: '' });
      await append(agent, { text: 'say "' });
      expect((await append(agent, { text: '\\n好' })).body.value).toBe('say "\\n好');
    });

    it.each([{ items: [] }, { text: '' }, {}, { items: [1], text: 'a' }])('refuses %j', async (body) => {
      expect((await append(newAgent(), body)).status).toBe(422);
    });

    it('refuses what is of another kind, and leaves it', async () => {
      const agent = newAgent();
      for (const value of [{ a: 1 }, 1, null, 'text']) {
        await put(agent, 'log', { value });
        expect((await append(agent, { items: [1] })).body.code).toBe('memory_kind_mismatch');
        expect((await get(agent, 'log')).body.value).toEqual(value);
      }
    });

    it('is done once under one idempotency key', async () => {
      const agent = newAgent();
      const headers = { 'idempotency-key': randomUUID() };
      await append(agent, { items: ['once'] }, headers);
      expect((await append(agent, { items: ['once'] }, headers)).body.value).toEqual(['once']);
      const other = await append(agent, { items: ['other'] }, headers);
      expect([other.status, other.body.code]).toEqual([422, 'memory_idempotency_key_reused']);
    });
  });

  describe('incrementing', () => {
    const increment = (agent: string, body: object = {}) =>
      call('POST', `${agent}/memory/count/increment`, body);

    it('counts all of many who increment at once', async () => {
      const agent = newAgent();
      await Promise.all(Array.from({ length: 50 }, () => increment(agent)));
      expect((await increment(agent, { by: -8 })).body.value).toBe(42);
    });

    it.each([1.5, 'text', [1], true])('refuses to add to %j', async (value) => {
      const agent = newAgent();
      await put(agent, 'count', { value });
      expect((await increment(agent)).body.code).toBe('memory_kind_mismatch');
    });

    it('refuses to count further than it can', async () => {
      const agent = newAgent();
      await put(agent, 'count', { value: Number.MAX_SAFE_INTEGER });
      expect((await increment(agent)).body.code).toBe('memory_kind_mismatch');
      expect((await get(agent, 'count')).body.value).toBe(Number.MAX_SAFE_INTEGER);
    });
  });

  describe('a list', () => {
    it('has the keys with a prefix, page by page, in the order of their bytes', async () => {
      const agent = newAgent();
      const keys = ['A', 'a', 'a/b', 'a:1', 'a:10', 'a:2', 'b', '~'];
      for (const key of keys.toReversed()) await put(agent, key, { value: key });
      const read: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const { body }: { body: AnswerBody } = await call(
          'GET',
          `${agent}/memory?limit=3${cursor && `&cursor=${cursor}`}`,
        );
        read.push(...body.items.map(({ key }) => key));
        cursor = body.next_cursor;
      }
      expect(read).toEqual(keys);
      const { body } = await call('GET', `${agent}/memory?prefix=${encodeURIComponent('a:')}`);
      expect(body.items.map(({ key, bytes }) => [key, bytes])).toEqual([
        ['a:1', 5],
        ['a:10', 6],
        ['a:2', 5],
      ]);
    });
  });

  describe('limits', () => {
    it('hold for one value, however it grows', async () => {
      const agent = newAgent();
      expect((await put(agent, 'a', { value: 'x'.repeat(998) })).status).toBe(200);
      const grown = await call('POST', `${agent}/memory/a/append`, { text: 'x' });
      expect([grown.status, grown.body.code]).toEqual([413, 'memory_value_too_large']);
      await call('DELETE', `${agent}/memory/a`);
    });

    it('hold for the number of values', async () => {
      const own = await createUser(test);
      const agent = newAgent();
      for (let number = 0; number < 120; number++)
        expect((await put(agent, `k${number}`, { value: 1 }, own)).status).toBe(200);
      const more = await put(agent, 'more', { value: 1 }, own);
      expect([more.status, more.body.code]).toEqual([409, 'memory_full']);
      expect((await put(agent, 'k0', { value: 2 }, own)).status).toBe(200);
    });

    it.each([
      ['a%20b', 422],
      ['%00', 422],
      [encodeURIComponent('ü'), 422],
      ['x'.repeat(129), 414],
    ])('refuse the key %s', async (key, status) => {
      expect((await call('PUT', `agent/memory/${key}`, { value: 1 })).status).toBe(status);
    });
  });

  it('is erased with its user', async () => {
    const own = await createUser(test);
    await put(newAgent(), 'a', { value: 'secret' }, own);
    const answer = await test.app.inject({
      method: 'DELETE',
      url: '/api/account',
      headers: bearer(own.accessToken),
      payload: { password: own.password },
    });
    expect(answer.statusCode).toBe(204);
    await new TestErasures(test).sweep();
    const left = await keysWith(test.app.get<Redis>(DURABLE_REDIS), own.id);
    expect(left.filter((key) => key.startsWith('aam:'))).toEqual([]);
  });
});

it('says that it cannot be reached while Redis is away', async () => {
  const redis = await OwnRedis.start();
  const test = await createTestApp({ LOCKKEEPER_REDIS_URL: redis.url });
  const user = await createUser(test);
  redis.freeze();
  const answer = await test.app.inject({
    url: '/api/agents/a/memory/k',
    headers: bearer(user.apiKey),
  });
  expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([503, 'memory_unavailable']);
  expect(answer.headers['retry-after']).toBe('1');
  redis.thaw();
  await test.close();
  await redis.dispose();
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisBreaker } from '../../src/platform/redis/index.js';
import { saveAllTurns, TestChatter } from '../factories/chat.js';
import { OwnRedis } from '../factories/own-redis.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, createUser, type TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

/** What is promised while Redis is away; and what is allowed here to a test machine that does other things besides. */
const PROMISED_MS = 250;
const GRACE_MS = 500;

interface Call {
  method?: 'GET' | 'POST' | 'DELETE' | 'PATCH';
  url: string;
  payload?: object;
  /** Other than the user's access token; an empty text for none. */
  token?: string;
  headers?: Record<string, string>;
}

describe('while Redis hangs, the API', () => {
  let redis: OwnRedis;
  let test: TestApp;
  let chatter: TestChatter;
  let operator: TestUser;
  let conversationId: string;
  /** How long the first answers took, which found out that Redis is away. */
  let firstMs: number;
  const laterMs: number[] = [];

  beforeAll(async () => {
    redis = await OwnRedis.start();
    test = await createTestApp({
      LOCKKEEPER_REDIS_URL: redis.url,
      LOCKKEEPER_REDIS_COMMAND_TIMEOUT_MS: '250',
    });
    await test.app.listen(0, '127.0.0.1');
    chatter = await TestChatter.create(test);
    operator = await createUser(test, { role: 'admin' });
    conversationId = (await chatter.say('Hello')).conversationId;
    await saveAllTurns(test);
    redis.freeze();
    const startedAt = performance.now();
    expect((await call({ url: '/api/auth/me' })).status).toBe(200);
    firstMs = performance.now() - startedAt;
  });
  afterAll(async () => {
    redis.thaw();
    await test.close();
    await redis.dispose();
  });

  async function call({ method = 'GET', url, payload, token = chatter.user.accessToken, headers }: Call) {
    const startedAt = performance.now();
    const answer = await test.app.inject({
      method,
      url,
      ...(payload && { payload }),
      headers: { ...headers, ...(token && bearer(token)) },
    });
    return {
      status: answer.statusCode,
      body: String(answer.headers['content-type']).includes('json') ? answer.json() : answer.body,
      elapsedMs: performance.now() - startedAt,
    };
  }
  /** Answers as it would with Redis, and soon. */
  async function expectAnswer(request: Call, status: number) {
    const answer = await call(request);
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
    expect(answer.elapsedMs).toBeLessThan(PROMISED_MS + GRACE_MS);
    laterMs.push(answer.elapsedMs);
    return answer.body;
  }
  const signIn = () => {
    const { email, password } = chatter.user;
    return expectAnswer(
      { method: 'POST', url: '/api/auth/sign-in', payload: { email, password }, token: '' },
      200,
    );
  };

  it('needs the limit and no longer to find out', () => {
    expect(test.app.get(RedisBreaker).isOpen).toBe(true);
    expect(firstMs).toBeLessThan(PROMISED_MS + GRACE_MS);
  });

  it('signs in, refreshes and signs out, and the signed-out token is refused', async () => {
    const session = await signIn();
    const refreshed = await expectAnswer(
      {
        method: 'POST',
        url: '/api/auth/refresh',
        payload: { refresh_token: session.refresh_token },
        token: '',
      },
      200,
    );
    const token = refreshed.access_token;
    await expectAnswer({ url: '/api/auth/me', token }, 200);
    await expectAnswer({ method: 'POST', url: '/api/auth/sign-out', token }, 204);
    const refused = await expectAnswer({ url: '/api/auth/me', token }, 401);
    expect(refused.code).toBe('token_revoked');
  });

  it('still limits how often a password may be tried', async () => {
    const payload = { email: chatter.user.email, password: 'not the password' };
    const statuses: number[] = [];
    for (let count = 0; count < 30 && statuses.at(-1) !== 429; count++) {
      const request = {
        method: 'POST',
        url: '/api/auth/sign-in',
        payload,
        remoteAddress: '198.51.100.7',
      } as const;
      statuses.push((await test.app.inject(request)).statusCode);
    }
    expect(statuses.length).toBeGreaterThan(1);
    expect(new Set(statuses.slice(0, -1))).toEqual(new Set([401]));
    expect(statuses.at(-1)).toBe(429);
  });

  it('makes, shows and revokes API keys, and refuses a revoked one', async () => {
    const key = await expectAnswer(
      { method: 'POST', url: '/api/api-keys', payload: { name: 'new', scopes: ['chat'] } },
      201,
    );
    const { items } = await expectAnswer({ url: '/api/api-keys' }, 200);
    expect(items.map(({ id }: { id: string }) => id)).toContain(key.id);
    await expectAnswer({ url: '/v1/models', token: key.api_key }, 200);
    await expectAnswer({ method: 'DELETE', url: `/api/api-keys/${key.id}` }, 204);
    await expectAnswer({ url: '/v1/models', token: key.api_key }, 401);
  });

  it('makes, lists, renames and deletes conversations', async () => {
    const made = await expectAnswer(
      { method: 'POST', url: '/api/conversations', payload: { title: 'One' } },
      201,
    );
    const url = `/api/conversations/${made.id}`;
    const { items } = await expectAnswer({ url: '/api/conversations' }, 200);
    expect(items.map(({ id }: { id: string }) => id)).toEqual(
      expect.arrayContaining([made.id, conversationId]),
    );
    await expectAnswer({ method: 'PATCH', url, payload: { title: 'Two' } }, 200);
    expect(await expectAnswer({ url }, 200)).toMatchObject({ title: 'Two' });
    await expectAnswer({ method: 'DELETE', url }, 204);
    await expectAnswer({ url }, 404);
  });

  it('shows messages that are saved', async () => {
    const { items } = await expectAnswer({ url: `/api/conversations/${conversationId}/messages` }, 200);
    expect(items).toMatchObject([{ role: 'user', content: 'Hello' }, { role: 'assistant' }]);
  });

  it('shows coins: balance, journal, holds, prices', async () => {
    expect(await expectAnswer({ url: '/api/coins/account' }, 200)).toMatchObject({ frozen: '0.000000' });
    const { items } = await expectAnswer({ url: '/api/coins/journal' }, 200);
    expect(items.length).toBeGreaterThan(0);
    await expectAnswer({ url: '/api/coins/holds' }, 200);
    await expectAnswer({ url: '/api/coins/prices' }, 200);
  });

  it('shows its models, to sessions and to API keys', async () => {
    for (const token of [chatter.user.accessToken, chatter.user.apiKey]) {
      expect((await expectAnswer({ url: '/v1/models', token }, 200)).data.length).toBeGreaterThan(0);
    }
  });

  it('serves operators: users, grants, metrics', async () => {
    await expectAnswer({ url: '/api/users', token: operator.accessToken }, 200);
    const grant = {
      method: 'POST',
      url: `/api/coins/accounts/${chatter.user.id}/grants`,
      payload: { amount: '1', reason: 'purchase' },
      headers: { 'idempotency-key': 'order-1' },
      token: operator.apiKey,
    } as const;
    expect(await expectAnswer(grant, 200)).toEqual(await expectAnswer(grant, 200));
    const metrics = await expectAnswer({ url: '/metrics', token: operator.apiKey }, 200);
    expect(metrics).toContain('lockkeeper_redis_breaker_open{process="api-0"} 1');
  });

  it('says that it is degraded, but ready and alive', async () => {
    const report = await expectAnswer({ url: '/health', token: '' }, 200);
    expect(report).toMatchObject({
      status: 'degraded',
      details: { redis: { status: 'down' }, mysql: { status: 'up' } },
    });
    await expectAnswer({ url: '/health/ready', token: '' }, 200);
    await expectAnswer({ url: '/health/live', token: '' }, 200);
  });

  it('waited for Redis in none of its usual answers', () => {
    const sorted = laterMs.toSorted((a, b) => a - b);
    expect(sorted.length).toBeGreaterThan(20);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(PROMISED_MS / 2);
  });

  it('is as before when Redis is back', async () => {
    redis.thaw();
    await waitUntil('the breaker to close', () => !test.app.get(RedisBreaker).isOpen);
    await waitUntil(
      'health',
      async () => (await call({ url: '/health', token: '' })).body.details.redis.status === 'up',
    );
    expect((await chatter.say('Hello again')).status).toBe(200);
  });
});

import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { DURABLE_REDIS, RedisBreaker, type RedisClient } from '../../src/platform/redis/index.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { setClockAhead } from '../factories/test-clock.js';
import { createTestRedis } from '../factories/test-redis.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { bearer, createUser, type TestUser } from '../factories/users.js';

/** Long enough that nobody is forgotten while a test runs. */
const CACHE_MS = 60_000;
const ACCESS_TOKEN_MS = 900_000;
const MADE_HERE = { code: 'scope_missing', status: 403 };

const me = async (app: TestApp, token: string) => {
  const answer = await app.app.inject({ url: '/api/auth/me', headers: bearer(token) });
  return { status: answer.statusCode, code: answer.json().code };
};
const signOut = (app: TestApp, token: string) =>
  app.app.inject({ method: 'POST', url: '/api/auth/sign-out', headers: bearer(token) });
const revokeKey = async (app: TestApp, user: TestUser) => {
  const headers = bearer(user.accessToken);
  const [key] = (await app.app.inject({ url: '/api/api-keys', headers })).json().items;
  return app.app.inject({ method: 'DELETE', url: `/api/api-keys/${key.id}`, headers });
};

describe('revocation', () => {
  /** Its ways to Redis and MySQL can be cut. */
  let test: TestApp;
  /** Another process of the same installation, with ways of its own. */
  let neighbour: TestApp;
  let redisWay: TcpProxy;
  let databaseWay: TcpProxy;
  let redis: Redis;

  beforeAll(async () => {
    const redisUrl = await createTestRedis();
    redis = new Redis(redisUrl);
    const settings = { LOCKKEEPER_PRINCIPAL_CACHE_MS: String(CACHE_MS) };
    neighbour = await createTestApp({ ...settings, LOCKKEEPER_REDIS_URL: redisUrl });
    redisWay = await createTcpProxy(redisUrl);
    databaseWay = await createTcpProxy(neighbour.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
    test = await createTestApp({
      ...settings,
      LOCKKEEPER_REDIS_URL: redisWay.url,
      LOCKKEEPER_DATABASE_URL: databaseWay.url,
    });
  });
  afterEach(() => {
    setClockAhead(test, 0);
    setClockAhead(neighbour, 0);
  });
  afterAll(async () => {
    await test.close();
    await neighbour.close();
    await Promise.all([redisWay.cut(), databaseWay.cut()]);
    redis.disconnect();
  });

  const change = async (user: TestUser, payload: object) => {
    const admin = await createUser(neighbour, { role: 'admin' });
    return neighbour.app.inject({
      method: 'PATCH',
      url: `/api/users/${user.id}`,
      payload,
      headers: bearer(admin.accessToken),
    });
  };
  const withoutRedis = async (body: () => Promise<void>) => {
    const client = test.app.get<RedisClient>(DURABLE_REDIS);
    await redisWay.cut();
    await vi.waitFor(() => expect(client.status).not.toBe('ready'));
    try {
      await body();
    } finally {
      await redisWay.restore();
      await vi.waitFor(() => expect(client.status).toBe('ready'), 10_000);
      await vi.waitFor(() => expect(test.app.get(RedisBreaker).isOpen).toBe(false), 10_000);
    }
  };

  it('of one caller is not that of another who calls at the same moment', async () => {
    const [revoked, other] = [await createUser(test), await createUser(test)];
    await signOut(test, revoked.accessToken);
    const tokens = Array.from({ length: 20 }, (_, index) => (index % 3 === 0 ? revoked : other).accessToken);
    const answers = await Promise.all(tokens.map((token) => me(test, token)));
    for (const [index, { status }] of answers.entries()) expect(status).toBe(index % 3 === 0 ? 401 : 200);
  });

  it('of a session counts at once in a process that remembers the caller', async () => {
    const user = await createUser(neighbour);
    expect((await me(test, user.accessToken)).status).toBe(200);
    expect((await signOut(neighbour, user.accessToken)).statusCode).toBe(204);
    expect(await me(test, user.accessToken)).toEqual({ status: 401, code: 'token_revoked' });
  });

  it('of an API key counts at once in a process that remembers the caller', async () => {
    const user = await createUser(neighbour);
    expect(await me(test, user.apiKey)).toEqual(MADE_HERE);
    expect((await revokeKey(neighbour, user)).statusCode).toBe(204);
    expect(await me(test, user.apiKey)).toEqual({ status: 401, code: 'api_key_invalid' });
  });

  it('is kept in Redis under the hash of the token for as long as the token would be good', async () => {
    const user = await createUser(neighbour);
    await signOut(neighbour, user.accessToken);
    const hash = createHash('sha256').update(user.accessToken).digest('hex');
    const ttlMs = await redis.pttl(`jwt:blacklist:${hash}`);
    expect(ttlMs).toBeGreaterThan(ACCESS_TOKEN_MS - 60_000);
    expect(ttlMs).toBeLessThanOrEqual(ACCESS_TOKEN_MS);
  });

  it('counts at once while Redis is down, also for a caller that is remembered', async () => {
    const user = await createUser(neighbour);
    const other = await createUser(neighbour);
    expect((await me(test, user.accessToken)).status).toBe(200);
    expect(await me(test, other.apiKey)).toEqual(MADE_HERE);
    await withoutRedis(async () => {
      await signOut(neighbour, user.accessToken);
      await revokeKey(neighbour, other);
      expect(await me(test, user.accessToken)).toEqual({ status: 401, code: 'token_revoked' });
      expect(await me(test, other.apiKey)).toEqual({ status: 401, code: 'api_key_invalid' });
    });
  });

  it('made while Redis is down counts elsewhere when the caller is forgotten', async () => {
    const user = await createUser(neighbour);
    expect((await me(neighbour, user.accessToken)).status).toBe(200);
    await withoutRedis(async () => {
      expect((await signOut(test, user.accessToken)).statusCode).toBe(204);
      expect(await me(test, user.accessToken)).toEqual({ status: 401, code: 'token_revoked' });
    });
    setClockAhead(neighbour, CACHE_MS);
    expect(await me(neighbour, user.accessToken)).toEqual({ status: 401, code: 'token_revoked' });
  });

  it('made while Redis was away counts here when it is back, also for a caller that was remembered', async () => {
    const user = await createUser(test);
    const other = await createUser(test);
    expect((await me(test, user.accessToken)).status).toBe(200);
    expect(await me(test, other.apiKey)).toEqual(MADE_HERE);
    await withoutRedis(async () => {
      expect((await signOut(test, user.accessToken)).statusCode).toBe(204);
      expect((await revokeKey(test, other)).statusCode).toBe(204);
    });
    expect(test.app.get(RedisBreaker).isOpen).toBe(false);
    expect(await me(test, user.accessToken)).toEqual({ status: 401, code: 'token_revoked' });
    expect(await me(test, other.apiKey)).toEqual({ status: 401, code: 'api_key_invalid' });
  });

  it('outlives the loss of all that Redis holds', async () => {
    const user = await createUser(neighbour);
    const other = await createUser(neighbour);
    expect((await me(test, user.accessToken)).status).toBe(200);
    expect(await me(test, other.apiKey)).toEqual(MADE_HERE);
    await signOut(neighbour, user.accessToken);
    await revokeKey(neighbour, other);
    await redis.flushdb();
    setClockAhead(test, CACHE_MS);
    expect(await me(test, user.accessToken)).toEqual({ status: 401, code: 'token_revoked' });
    expect(await me(test, other.apiKey)).toEqual({ status: 401, code: 'api_key_invalid' });
  });

  it('by disabling a user takes sessions and keys at once, and gives back only the keys', async () => {
    const user = await createUser(neighbour);
    expect((await me(test, user.accessToken)).status).toBe(200);
    expect(await me(test, user.apiKey)).toEqual(MADE_HERE);
    expect((await change(user, { is_disabled: true })).json()).toMatchObject({ is_disabled: true });
    const refused = { status: 401, code: 'token_revoked' };
    expect(await me(test, user.accessToken)).toEqual(refused);
    expect(await me(test, user.apiKey)).toEqual({ status: 401, code: 'api_key_invalid' });
    await redis.flushdb();
    setClockAhead(test, CACHE_MS);
    expect(await me(test, user.apiKey)).toEqual({ status: 401, code: 'api_key_invalid' });
    await change(user, { is_disabled: false });
    expect(await me(test, user.accessToken)).toEqual(refused);
    expect(await me(test, user.apiKey)).toEqual(MADE_HERE);
  });

  it('of a role takes its scopes from sessions and keys when the caller is forgotten', async () => {
    const user = await createUser(neighbour, { role: 'admin' });
    const list = async (token: string) =>
      (await test.app.inject({ url: '/api/users', headers: bearer(token) })).statusCode;
    expect(await list(user.accessToken)).toBe(200);
    expect(await list(user.apiKey)).toBe(200);
    await change(user, { role: 'user' });
    setClockAhead(test, CACHE_MS);
    expect(await list(user.accessToken)).toBe(403);
    expect(await list(user.apiKey)).toBe(403);
  });

  it('lets nobody in unchecked: without MySQL, callers who are not remembered get a 503', async () => {
    const remembered = await createUser(neighbour);
    const stranger = await createUser(neighbour);
    expect((await me(test, remembered.accessToken)).status).toBe(200);
    await databaseWay.cut();
    try {
      // A scope it lacks: the answer needs no database.
      const known = await test.app.inject({ url: '/api/users', headers: bearer(remembered.accessToken) });
      expect(known.statusCode).toBe(403);
      for (const token of [stranger.accessToken, stranger.apiKey]) {
        const answer = await test.app.inject({ url: '/api/users', headers: bearer(token) });
        expect(answer.statusCode).toBe(503);
        expect(answer.json().code).toBe('service_unavailable');
        expect(answer.headers['retry-after']).toBe('2');
      }
      await withoutRedis(async () => {
        expect((await me(test, remembered.accessToken)).status).toBe(503);
      });
    } finally {
      await databaseWay.restore();
    }
    expect((await me(test, stranger.accessToken)).status).toBe(200);
  });
});

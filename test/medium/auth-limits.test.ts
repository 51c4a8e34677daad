import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DURABLE_REDIS, RedisBreaker, type RedisClient } from '../../src/platform/redis/index.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestRedis } from '../factories/test-redis.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { bearer, createUser } from '../factories/users.js';

const randomEmail = () => `${randomBytes(8).toString('hex')}@example.com`;
let lastAddress = 0;
const newAddress = () => `198.51.100.${++lastAddress}`;

describe('limits of signing in', () => {
  let test: TestApp;
  let neighbour: TestApp;
  let redisWay: TcpProxy;
  beforeAll(async () => {
    redisWay = await createTcpProxy(await createTestRedis());
    const settings = {
      LOCKKEEPER_REDIS_URL: redisWay.url,
      LOCKKEEPER_SIGN_IN_FAILURES_PER_ACCOUNT_AND_ADDRESS: '4',
      LOCKKEEPER_SIGN_IN_FAILURES_PER_ADDRESS: '12',
      LOCKKEEPER_SIGN_IN_FAILURES_PER_ACCOUNT: '8',
    };
    test = await createTestApp(settings);
    neighbour = await createTestApp({
      ...settings,
      LOCKKEEPER_DATABASE_URL: test.environment['LOCKKEEPER_DATABASE_URL'] ?? '',
    });
  });
  afterAll(async () => {
    await neighbour.close();
    await test.close();
    await redisWay.cut();
  });

  const signIn = (email: string, password: string, remoteAddress: string, app = test) =>
    app.app.inject({
      method: 'POST',
      url: '/api/auth/sign-in',
      payload: { email, password },
      remoteAddress,
    });
  const fail = async (email: string, address: string, app = test) =>
    (await signIn(email, 'not the password', address, app)).statusCode;
  const failTimes = async (times: number, email: () => string, address: () => string) => {
    for (let count = 0; count < times; count++) expect(await fail(email(), address())).toBe(401);
  };

  it('stop guessing at one account from one address, in all processes together', async () => {
    const user = await createUser(test);
    const address = newAddress();
    for (const app of [test, neighbour, test, neighbour])
      expect(await fail(user.email, address, app)).toBe(401);
    // Now even the right password is not looked at.
    for (const app of [test, neighbour]) {
      const answer = await signIn(user.email, user.password, address, app);
      expect(answer.statusCode).toBe(429);
      expect(answer.json().code).toBe('too_many_attempts');
      const retryAfter = Number(answer.headers['retry-after']);
      expect(retryAfter).toBeGreaterThan(800);
      expect(retryAfter).toBeLessThanOrEqual(900);
    }
    expect((await signIn(user.email, user.password, newAddress())).statusCode).toBe(200);
  });

  it('hold for attempts that are made at once', async () => {
    const user = await createUser(test);
    const address = newAddress();
    const statuses = await Promise.all(Array.from({ length: 10 }, () => fail(user.email, address)));
    expect(statuses.filter((status) => status === 401)).toHaveLength(4);
    expect(statuses.filter((status) => status === 429)).toHaveLength(6);
  });

  it('hold for addresses without an account as well', async () => {
    const email = randomEmail();
    const address = newAddress();
    await failTimes(
      4,
      () => email,
      () => address,
    );
    expect(await fail(email, address)).toBe(429);
  });

  it('forget failures at a success', async () => {
    const user = await createUser(test);
    const address = newAddress();
    for (let round = 0; round < 2; round++) {
      await failTimes(
        3,
        () => user.email,
        () => address,
      );
      expect((await signIn(user.email, user.password, address)).statusCode).toBe(200);
    }
  });

  it('do not count successes', async () => {
    const user = await createUser(test);
    const address = newAddress();
    for (let count = 0; count < 15; count++) {
      expect((await signIn(user.email, user.password, address)).statusCode).toBe(200);
    }
  });

  it('stop guessing at many accounts from one address', async () => {
    const address = newAddress();
    await failTimes(12, randomEmail, () => address);
    expect(await fail(randomEmail(), address)).toBe(429);
  });

  it('take the addresses of one IPv6 network for one', async () => {
    const email = randomEmail();
    let host = 0;
    await failTimes(
      4,
      () => email,
      () => `2001:db8:1:2::${++host}`,
    );
    expect(await fail(email, '2001:db8:1:2:ffff::1')).toBe(429);
    expect(await fail(email, '2001:db8:1:3::1')).toBe(401);
  });

  it('stop guessing at one account from many addresses', async () => {
    const user = await createUser(test);
    await failTimes(8, () => user.email, newAddress);
    expect((await signIn(user.email, user.password, newAddress())).statusCode).toBe(429);
  });

  it('hold for the current password at a password change', async () => {
    const user = await createUser(test);
    const change = async () =>
      (
        await test.app.inject({
          method: 'POST',
          url: '/api/auth/change-password',
          payload: { current_password: 'not the password', new_password: 'a new and better one' },
          headers: bearer(user.accessToken),
          remoteAddress: '203.0.113.9',
        })
      ).statusCode;
    for (let count = 0; count < 4; count++) expect(await change()).toBe(403);
    expect(await change()).toBe(429);
  });

  it('hold within a process while Redis is down', async () => {
    const user = await createUser(test);
    const address = newAddress();
    const client = test.app.get<RedisClient>(DURABLE_REDIS);
    await redisWay.cut();
    await vi.waitFor(() => expect(client.status).not.toBe('ready'));
    await failTimes(
      4,
      () => user.email,
      () => address,
    );
    expect(await fail(user.email, address)).toBe(429);
    expect((await signIn(user.email, user.password, newAddress())).statusCode).toBe(200);
    await redisWay.restore();
    const breaker = test.app.get(RedisBreaker);
    await vi.waitFor(() => expect(breaker.isOpen).toBe(false), 10_000);
    expect((await signIn(user.email, user.password, address)).statusCode).toBe(200);
    // What was counted without Redis is remembered until it would be forgotten there.
    await redisWay.cut();
    await vi.waitFor(() => expect(breaker.isOpen).toBe(true));
    expect(await fail(user.email, address)).toBe(429);
    await redisWay.restore();
  });
});

describe('checking passwords at once', () => {
  let test: TestApp;
  beforeAll(async () => {
    // Hashes as dear as in production, one at a time.
    test = await createTestApp({
      NODE_ENV: 'development',
      LOCKKEEPER_PASSWORD_HASHES_AT_ONCE: '1',
      LOCKKEEPER_PASSWORD_HASHES_WAITING: '2',
    });
  });
  afterAll(() => test.close());

  it('is bounded, takes as much work for unknown addresses, and does not count what it turned away', async () => {
    const email = randomEmail();
    const signIn = () =>
      test.app.inject({
        method: 'POST',
        url: '/api/auth/sign-in',
        payload: { email, password: 'not the password' },
      });
    const statusesOf = async (times: number) =>
      (await Promise.all(Array.from({ length: times }, signIn))).map((answer) => answer.statusCode);
    const answers = await Promise.all(Array.from({ length: 9 }, signIn));
    const busy = answers.filter((answer) => answer.statusCode === 503);
    expect(busy.length).toBeGreaterThan(0);
    expect(busy[0]?.headers['retry-after']).toBe('1');
    expect(busy[0]?.json().code).toBe('service_unavailable');
    const checked = answers.length - busy.length;
    // Ten failures are allowed, and only the checked ones count.
    for (let count = checked; count < 10; count++) expect(await statusesOf(1)).toEqual([401]);
    expect(await statusesOf(1)).toEqual([429]);
  });
});

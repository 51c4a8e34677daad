import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { DURABLE_REDIS, RedisBreaker, type RedisClient } from '../../src/platform/redis/index.js';
import { Transactions } from '../../src/platform/database/index.js';
import { byCookie, type ConsoleLogin, signInToConsole } from '../factories/console.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { setClockAhead } from '../factories/test-clock.js';
import { createTestRedis } from '../factories/test-redis.js';
import { bearer, createUser, type TestUser } from '../factories/users.js';

const SESSION = '/api/console/session';
const HOUR_MS = 60 * 60 * 1000;

describe('a session of the console', () => {
  let test: TestApp;
  /** Another process of the same installation. */
  let neighbour: TestApp;
  let redisWay: TcpProxy;
  let databaseWay: TcpProxy;
  beforeAll(async () => {
    const redisUrl = await createTestRedis();
    const settings = { LOCKKEEPER_PRINCIPAL_CACHE_MS: '60000' };
    neighbour = await createTestApp({ ...settings, LOCKKEEPER_REDIS_URL: redisUrl });
    redisWay = await createTcpProxy(redisUrl);
    databaseWay = await createTcpProxy(neighbour.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
    test = await createTestApp({
      ...settings,
      LOCKKEEPER_REDIS_URL: redisWay.url,
      LOCKKEEPER_DATABASE_URL: databaseWay.url,
    });
  });
  afterEach(() => setClockAhead(test, 0));
  afterAll(async () => {
    await test.close();
    await neighbour.close();
    await Promise.all([redisWay.cut(), databaseWay.cut()]);
  });

  const read = async ({ cookie }: Pick<ConsoleLogin, 'cookie'>, app = test) => {
    const answer = await app.app.inject({ url: SESSION, headers: { cookie } });
    return { status: answer.statusCode, body: answer.json() };
  };
  const signOut = (login: ConsoleLogin, app = test) =>
    app.app.inject({ method: 'DELETE', url: SESSION, headers: byCookie(login) });
  const changeRole = async (user: TestUser, payload: object) => {
    const admin = await createUser(neighbour, { role: 'admin' });
    return neighbour.app.inject({
      method: 'PATCH',
      url: `/api/users/${user.id}`,
      payload,
      headers: bearer(admin.accessToken),
    });
  };
  const hoursOf = (login: ConsoleLogin) => (Date.parse(login.expiresAt) - Date.now()) / HOUR_MS;

  it('is opened with a password, in a cookie that no script reads and no other site sends', async () => {
    const user = await createUser(test, { role: 'operator' });
    const answer = await test.app.inject({ method: 'POST', url: SESSION, payload: credentials(user) });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      user: {
        id: user.id,
        email: user.email,
        role: 'operator',
        scopes: expect.arrayContaining(['operations', 'account']),
      },
      csrf_token: expect.stringMatching(/^[\w-]{43}$/),
      expires_at: expect.any(String),
    });
    expect(answer.headers['cache-control']).toBe('no-store');
    const [cookie = '', ...attributes] = String(answer.headers['set-cookie']).split('; ');
    expect(cookie).toMatch(/^lockkeeper_console=lkc_[\w-]{43}$/);
    expect(attributes).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Strict', 'Path=/']));
    // Neither for other hosts of the domain, nor over http promised to be kept to https.
    expect(attributes.some((attribute) => /^(Domain|Secure)/.test(attribute))).toBe(false);
    expect(answer.body).not.toContain(cookie.split('=')[1]);
    expect((await read({ cookie })).body).toEqual(answer.json());
  });

  it('lasts for the hours that are set, and is not made longer by use', async () => {
    const login = await signInToConsole(test, await createUser(test));
    expect(hoursOf(login)).toBeGreaterThan(11.9);
    expect(hoursOf(login)).toBeLessThanOrEqual(12);
    setClockAhead(test, 12 * HOUR_MS - 60_000);
    expect((await read(login)).body).toMatchObject({ expires_at: login.expiresAt });
    setClockAhead(test, 12 * HOUR_MS + 1_000);
    expect(await read(login)).toMatchObject({ status: 401, body: { code: 'console_session_ended' } });
  });

  it('is for every role, and may do what the role may', async () => {
    const user = await createUser(test);
    const login = await signInToConsole(test, user);
    const ask = (url: string) => test.app.inject({ url, headers: { cookie: login.cookie } });
    expect((await ask('/api/auth/me')).json()).toMatchObject({ user: { id: user.id } });
    expect((await ask('/api/users')).json()).toMatchObject({ status: 403, code: 'scope_missing' });
  });

  it('is told of to nobody without the cookie', async () => {
    const user = await createUser(test);
    for (const headers of [
      {},
      bearer(user.accessToken),
      { cookie: 'lockkeeper_console=nonsense' },
      { cookie: 'lockkeeper_console=' },
    ]) {
      const answer = await test.app.inject({ url: SESSION, headers });
      expect(answer.json()).toMatchObject({ status: 401, code: 'authentication_required' });
    }
    const unknown = `lockkeeper_console=lkc_${'A'.repeat(43)}`;
    expect(await read({ cookie: unknown })).toMatchObject({
      status: 401,
      body: { code: 'console_session_ended' },
    });
  });

  it('is not opened by its secret as a bearer token', async () => {
    const login = await signInToConsole(test, await createUser(test));
    const secret = login.cookie.split('=')[1] ?? '';
    const answer = await test.app.inject({ url: '/api/auth/me', headers: bearer(secret) });
    expect(answer.json()).toMatchObject({ status: 401, code: 'token_invalid' });
  });

  it('does not spoil a request with a token of its own', async () => {
    const [user, other] = [await createUser(test), await createUser(test)];
    const { cookie } = await signInToConsole(test, other);
    const answer = await test.app.inject({
      method: 'POST',
      url: '/api/api-keys',
      payload: { name: 'mine', scopes: ['chat'] },
      headers: { ...bearer(user.accessToken), cookie },
    });
    expect(answer.statusCode).toBe(201);
    const wrong = await test.app.inject({ url: '/api/auth/me', headers: { ...bearer('wrong'), cookie } });
    expect(wrong.json()).toMatchObject({ code: 'token_invalid' });
  });

  describe('a request that changes something', () => {
    let login: ConsoleLogin;
    beforeAll(async () => {
      login = await signInToConsole(test, await createUser(test));
    });
    const makeKey = async (headers: Record<string, string>) => {
      const answer = await test.app.inject({
        method: 'POST',
        url: '/api/api-keys',
        payload: { name: 'mine', scopes: ['chat'] },
        headers,
      });
      return { status: answer.statusCode, code: answer.json().code };
    };

    it('needs the CSRF token of this session, which one that only reads does not', async () => {
      const { cookie } = login;
      const other = await signInToConsole(test, await createUser(test));
      expect(await makeKey({ cookie })).toEqual({ status: 403, code: 'csrf_token_missing' });
      expect(await makeKey({ cookie, 'x-csrf-token': '' })).toEqual({
        status: 403,
        code: 'csrf_token_missing',
      });
      const ofAnother = { status: 403, code: 'csrf_token_invalid' };
      expect(await makeKey({ cookie, 'x-csrf-token': other.csrfToken })).toEqual(ofAnother);
      expect(await makeKey({ cookie, 'x-csrf-token': 'é' })).toEqual(ofAnother);
      expect(await makeKey(byCookie(login))).toMatchObject({ status: 201 });
      const keys = await test.app.inject({ url: '/api/api-keys', headers: { cookie } });
      const names = keys.json<{ items: { name: string }[] }>().items.map(({ name }) => name);
      expect(names.filter((name) => name === 'mine')).toHaveLength(1);
    });

    it.each(['cross-site', 'same-site'])(
      'is refused from a page that is %s, even with the token',
      async (site) => {
        expect(await makeKey({ ...byCookie(login), 'sec-fetch-site': site })).toEqual({
          status: 403,
          code: 'cross_site_request',
        });
      },
    );

    it('is let through from a page of this service', async () => {
      expect(await makeKey({ ...byCookie(login), 'sec-fetch-site': 'same-origin' })).toMatchObject({
        status: 201,
      });
    });

    it.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)('is one with %s', async (method) => {
      const { cookie } = login;
      const answer = await test.app.inject({
        method,
        url: await aRouteFor(test, method),
        headers: { cookie },
      });
      expect(answer.json()).toMatchObject({ status: 403, code: 'csrf_token_missing' });
    });
  });

  it('is not opened for a page of another site', async () => {
    const user = await createUser(test);
    const payload = credentials(user);
    const headers = { 'sec-fetch-site': 'cross-site' };
    const refused = await test.app.inject({ method: 'POST', url: SESSION, payload, headers });
    expect(refused.json()).toMatchObject({ status: 403, code: 'cross_site_request' });
    expect(refused.headers['set-cookie']).toBeUndefined();
    // A form can send no JSON.
    const form = await test.app.inject({
      method: 'POST',
      url: SESSION,
      payload: new URLSearchParams(payload).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(form.statusCode).toBe(415);
  });

  it('is a new one at each sign-in, and the one before it in this browser ends', async () => {
    const [user, attacker] = [await createUser(test), await createUser(test)];
    const planted = await signInToConsole(test, attacker);
    const login = await signInToConsole(test, user, { headers: { cookie: planted.cookie } });
    expect(login.cookie).not.toBe(planted.cookie);
    expect(login.csrfToken).not.toBe(planted.csrfToken);
    expect((await read(login)).body).toMatchObject({ user: { id: user.id } });
    expect(await read(planted, neighbour)).toMatchObject({
      status: 401,
      body: { code: 'console_session_ended' },
    });
    // What was never a session of ours becomes none.
    const made = `lockkeeper_console=lkc_${'B'.repeat(43)}`;
    const next = await signInToConsole(test, user, { headers: { cookie: made } });
    expect(next.cookie).not.toBe(made);
    expect((await read({ cookie: made })).status).toBe(401);
  });

  it('is over in all processes once signed out, and the browser is told to forget it', async () => {
    const login = await signInToConsole(test, await createUser(test));
    expect((await read(login, neighbour)).status).toBe(200);
    const answer = await signOut(login);
    expect(answer.statusCode).toBe(204);
    expect(String(answer.headers['set-cookie'])).toMatch(/^lockkeeper_console=; .*Expires=Thu, 01 Jan 1970/);
    for (const app of [test, neighbour]) {
      expect(await read(login, app)).toMatchObject({ status: 401, body: { code: 'console_session_ended' } });
      expect((await signOut(login, app)).statusCode).toBe(401);
    }
  });

  it('is ended alone: other sessions of the user go on', async () => {
    const user = await createUser(test);
    const [one, two] = [await signInToConsole(test, user), await signInToConsole(test, user)];
    await signOut(one);
    expect((await read(two)).status).toBe(200);
    const me = await test.app.inject({ url: '/api/auth/me', headers: bearer(user.accessToken) });
    expect(me.statusCode).toBe(200);
  });

  it.each([
    ['the user is disabled', { is_disabled: true }],
    ['the user has another role', { role: 'operator' }],
  ])('is over at once in all processes when %s', async (_name, change) => {
    const user = await createUser(test, { role: 'agent' });
    const login = await signInToConsole(test, user);
    for (const app of [test, neighbour]) expect((await read(login, app)).status).toBe(200);
    expect((await changeRole(user, change)).statusCode).toBe(200);
    for (const app of [test, neighbour]) expect((await read(login, app)).status).toBe(401);
  });

  it('goes on when a change leaves the role as it was', async () => {
    const user = await createUser(test);
    const login = await signInToConsole(test, user);
    await changeRole(user, { role: 'user' });
    expect((await read(login)).status).toBe(200);
  });

  it('is over when the password is changed', async () => {
    const user = await createUser(test);
    const login = await signInToConsole(test, user);
    const answer = await test.app.inject({
      method: 'POST',
      url: '/api/auth/change-password',
      payload: { current_password: user.password, new_password: 'another password' },
      headers: byCookie(login),
    });
    expect(answer.statusCode).toBe(204);
    expect((await read(login, neighbour)).status).toBe(401);
  });

  it('is over although Redis was away and not told', async () => {
    const login = await signInToConsole(test, await createUser(test));
    expect((await read(login)).status).toBe(200);
    const client = test.app.get<RedisClient>(DURABLE_REDIS);
    await redisWay.cut();
    await vi.waitFor(() => expect(client.status).not.toBe('ready'));
    try {
      expect((await read(login)).status).toBe(200);
      expect((await signOut(login)).statusCode).toBe(204);
      expect((await read(login)).status).toBe(401);
    } finally {
      await redisWay.restore();
      await vi.waitFor(() => expect(test.app.get(RedisBreaker).isOpen).toBe(false), 10_000);
    }
    expect((await read(login)).status).toBe(401);
  });

  it('goes on for some minutes while MySQL is away, unless it was ended', async () => {
    const [login, ended] = [
      await signInToConsole(test, await createUser(test)),
      await signInToConsole(test, await createUser(test)),
    ];
    for (const each of [login, ended]) expect((await read(each)).status).toBe(200);
    await databaseWay.cut();
    try {
      await signOut(ended, neighbour);
      setClockAhead(test, 120_000);
      expect((await read(login)).status).toBe(200);
      expect((await read(ended)).status).toBe(401);
      setClockAhead(test, 800_000);
      expect((await read(login)).status).toBe(503);
    } finally {
      await databaseWay.restore();
    }
  });

  it('leaves no secret in the database', async () => {
    const login = await signInToConsole(test, await createUser(test));
    const rows = await test.app.get(Transactions).single.query('SELECT * FROM console_sessions');
    expect(JSON.stringify(rows)).not.toContain(login.cookie.split('=')[1]);
    expect(JSON.stringify(rows)).not.toContain(login.csrfToken);
  });
});

function credentials({ email, password }: TestUser): { email: string; password: string } {
  return { email, password };
}

/** Any route of the API that takes this method and asks for a scope that everybody has. */
async function aRouteFor(test: TestApp, method: string): Promise<string> {
  const { paths } = (await test.app.inject({ url: '/openapi.json' })).json<{
    paths: Record<string, Record<string, { 'x-required-scope'?: string }>>;
  }>();
  const found = Object.entries(paths).find(([, item]) =>
    ['account', 'chat', 'conversations:write', 'support'].includes(
      item[method.toLowerCase()]?.['x-required-scope'] ?? '',
    ),
  );
  if (!found) throw new Error(`No route takes ${method}.`);
  return found[0].replaceAll(/\{\w+\}/g, '00000000-0000-7000-8000-000000000000');
}

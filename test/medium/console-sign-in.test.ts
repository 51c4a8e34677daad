import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byCookie, type ConsoleLogin, signInToConsole } from '../factories/console.js';
import { TestSupport } from '../factories/support.js';
import { createTestApp } from '../factories/test-app.js';
import { createUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const SESSION = '/api/console/session';
/** What a proxy says that is in front, and speaks https with the browser. */
const OVER_TLS = { 'x-forwarded-proto': 'https' };

describe('signing in to the console', () => {
  /** An API behind a proxy, at a port. */
  let api: TestSupport;
  beforeAll(async () => {
    api = await TestSupport.listen(
      await createTestApp({
        LOCKKEEPER_BEHIND_PROXY: 'true',
        LOCKKEEPER_SOCKETS_RECHECK_MS: '200',
        LOCKKEEPER_SIGN_IN_FAILURES_PER_ACCOUNT_AND_ADDRESS: '3',
      }),
    );
  });
  afterAll(() => api.close());

  const read = async (headers: Record<string, string>) =>
    (await api.test.app.inject({ url: SESSION, headers })).statusCode;

  it('is limited as signing in elsewhere is, and counted with it', async () => {
    const { email, password } = await createUser(api.test);
    const attempt = async (url: string, tried: string) => {
      const answer = await api.test.app.inject({
        method: 'POST',
        url,
        payload: { email, password: tried },
        remoteAddress: '198.51.100.7',
      });
      return { code: answer.json().code, cookie: answer.headers['set-cookie'] };
    };
    const invalid = { code: 'credentials_invalid', cookie: undefined };
    expect(await attempt(SESSION, 'wrong')).toEqual(invalid);
    expect(await attempt('/api/auth/sign-in', 'wrong')).toEqual(invalid);
    expect(await attempt(SESSION, 'wrong')).toEqual(invalid);
    expect(await attempt(SESSION, password)).toEqual({ code: 'too_many_attempts', cookie: undefined });
  });

  it('sets, over https, a cookie for https alone that no other host can set', async () => {
    const login = await signInToConsole(api.test, await createUser(api.test), { headers: OVER_TLS });
    expect(login.cookie).toMatch(/^__Host-lockkeeper_console=lkc_/);
    expect(await read({ ...OVER_TLS, cookie: login.cookie })).toBe(200);
    // What another host of the domain, or somebody on the way of a plain request, may have set.
    const planted = login.cookie.replace('__Host-', '');
    expect(await read({ ...OVER_TLS, cookie: planted })).toBe(401);
  });

  it('says Secure over https', async () => {
    const { email, password } = await createUser(api.test);
    const answer = await api.test.app.inject({
      method: 'POST',
      url: SESSION,
      payload: { email, password },
      headers: OVER_TLS,
    });
    expect(String(answer.headers['set-cookie']).split('; ')).toEqual(
      expect.arrayContaining(['Secure', 'HttpOnly', 'SameSite=Strict', 'Path=/']),
    );
  });

  describe('lets a page open a connection', () => {
    let login: ConsoleLogin;
    beforeAll(async () => {
      login = await signInToConsole(api.test, await createUser(api.test));
    });
    const dial = (cookie: string, csrf_token: string | undefined, headers = {}) =>
      api.dial(undefined, {
        extraHeaders: { cookie, ...headers },
        auth: { csrf_token },
        reconnection: false,
      });
    const refusal = async (cookie: string, csrfToken: string | undefined, headers = {}) => {
      const socket = await dial(cookie, csrfToken, headers);
      return new Promise((resolve) => {
        socket.on('connect', () => resolve('connected'));
        socket.on('connect_error', (error) => resolve((error as { data?: { code: string } }).data?.code));
      });
    };

    it('with the CSRF token of the session, and no other', async () => {
      const other = await signInToConsole(api.test, await createUser(api.test));
      expect(await refusal(login.cookie, undefined)).toBe('csrf_token_missing');
      expect(await refusal(login.cookie, other.csrfToken)).toBe('csrf_token_invalid');
      expect(await refusal(login.cookie, login.csrfToken, { 'sec-fetch-site': 'cross-site' })).toBe(
        'cross_site_request',
      );
      expect(await refusal(login.cookie, login.csrfToken)).toBe('connected');
    });

    it('that is cut off when the session ends', async () => {
      const socket = await dial(login.cookie, login.csrfToken);
      await waitUntil('the connection', () => socket.connected);
      await api.test.app.inject({ method: 'DELETE', url: SESSION, headers: byCookie(login) });
      await waitUntil('the end of the connection', () => !socket.connected);
      expect(await refusal(login.cookie, login.csrfToken)).toBe('console_session_ended');
    });
  });
});

import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { setClockAhead } from '../factories/test-clock.js';
import { bearer, createUser } from '../factories/users.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('sessions', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp();
  });
  afterEach(() => setClockAhead(test, 0));
  afterAll(() => test.close());

  const post = (url: string, payload: object, token?: string) =>
    test.app.inject({ method: 'POST', url, payload, headers: token ? bearer(token) : {} });
  const signIn = (email: string, password: string) => post('/api/auth/sign-in', { email, password });
  const refresh = (token: string) => post('/api/auth/refresh', { refresh_token: token });
  const me = (token: string) => test.app.inject({ url: '/api/auth/me', headers: bearer(token) });
  const codeOf = async (answer: ReturnType<typeof me>) => ({
    status: (await answer).statusCode,
    code: (await answer).json().code,
  });

  it('signs in with e-mail and password, whatever the case of the address', async () => {
    const user = await createUser(test);
    const answer = await signIn(user.email.toUpperCase(), user.password);
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ token_type: 'Bearer', user: { id: user.id, role: 'user' } });
    const mine = await me(answer.json().access_token);
    expect(mine.json().user).toMatchObject({ id: user.id, email: user.email, role: 'user' });
    expect(mine.json().scopes).toContain('account');
    expect(mine.json().scopes).not.toContain('operations');
  });

  it('takes a password whichever way its characters were composed', async () => {
    const admin = await createUser(test, { role: 'admin' });
    const email = `composed-${admin.id}@example.com`;
    await post('/api/users', { email, password: 'caf\u00e9 au lait' }, admin.accessToken);
    expect((await signIn(email, 'cafe\u0301 au lait')).statusCode).toBe(200);
  });

  it('answers a wrong password, an unknown address and a disabled user alike', async () => {
    const user = await createUser(test);
    const disabled = await createUser(test);
    const admin = await createUser(test, { role: 'admin' });
    await test.app.inject({
      method: 'PATCH',
      url: `/api/users/${disabled.id}`,
      payload: { is_disabled: true },
      headers: bearer(admin.accessToken),
    });
    const answers = await Promise.all([
      signIn(user.email, 'not the password'),
      signIn(`nobody-${user.id}@example.com`, 'not the password'),
      signIn(disabled.email, disabled.password),
    ]);
    const [wrong, ...others] = answers.map((answer) => {
      const { error_id: _, ...body } = answer.json();
      return { status: answer.statusCode, body };
    });
    expect(wrong).toMatchObject({ status: 401, body: { code: 'credentials_invalid' } });
    expect(others).toEqual([wrong, wrong]);
  });

  it.each([
    ['an address that is none', { email: 'nobody', password: 'some password' }, 'email'],
    ['a missing password', { email: 'ada@example.com' }, 'password'],
    ['a number for a password', { email: 'ada@example.com', password: 1234567890 }, 'password'],
    ['an endless password', { email: 'ada@example.com', password: 'x'.repeat(201) }, 'password'],
  ])('refuses %s, naming the field', async (_what, body, param) => {
    const answer = await post('/api/auth/sign-in', body);
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: 'invalid_request', param });
  });

  it('gives new tokens for a refresh token', async () => {
    const user = await createUser(test);
    const answer = await refresh(user.refreshToken);
    expect(answer.statusCode).toBe(200);
    const { access_token: accessToken, refresh_token: refreshToken } = answer.json();
    expect(accessToken).not.toBe(user.accessToken);
    expect(refreshToken).not.toBe(user.refreshToken);
    expect((await me(accessToken)).statusCode).toBe(200);
    expect((await refresh(refreshToken)).statusCode).toBe(200);
  });

  it('ends the whole session when a refresh token is used again', async () => {
    const user = await createUser(test);
    const second = (await refresh(user.refreshToken)).json();
    expect(await codeOf(refresh(user.refreshToken))).toEqual({ status: 401, code: 'refresh_token_reused' });
    expect(await codeOf(refresh(second.refresh_token))).toEqual({
      status: 401,
      code: 'refresh_token_invalid',
    });
    expect(await codeOf(me(user.accessToken))).toEqual({ status: 401, code: 'token_revoked' });
    expect(await codeOf(me(second.access_token))).toEqual({ status: 401, code: 'token_revoked' });
  });

  it('lets at most one of many uses at once of a refresh token succeed', async () => {
    const user = await createUser(test);
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(user.refreshToken)));
    expect(answers.map((answer) => answer.statusCode).sort((a, b) => a - b)).toEqual([
      200, 401, 401, 401, 401, 401, 401, 401,
    ]);
    const winner = answers.find((answer) => answer.statusCode === 200);
    expect(await codeOf(me(winner?.json().access_token))).toEqual({ status: 401, code: 'token_revoked' });
  });

  it('refuses a refresh token that is unknown or out of date', async () => {
    const user = await createUser(test);
    expect(await codeOf(refresh('made-up'))).toEqual({ status: 401, code: 'refresh_token_invalid' });
    setClockAhead(test, 30 * DAY_MS + 1000);
    expect(await codeOf(refresh(user.refreshToken))).toEqual({ status: 401, code: 'refresh_token_invalid' });
  });

  it('refuses an access token after its time, and a refresh gives one that is good', async () => {
    const user = await createUser(test);
    setClockAhead(test, 14 * MINUTE_MS);
    expect((await me(user.accessToken)).statusCode).toBe(200);
    setClockAhead(test, 15 * MINUTE_MS + 1000);
    expect(await codeOf(me(user.accessToken))).toEqual({ status: 401, code: 'token_expired' });
    expect((await me((await refresh(user.refreshToken)).json().access_token)).statusCode).toBe(200);
  });

  it('refuses tokens that we did not sign, and says how to authenticate', async () => {
    const user = await createUser(test);
    const [, payload] = user.accessToken.split('.');
    const unsigned = `${encode({ alg: 'none', typ: 'JWT' })}.${payload}.`;
    const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${payload}`;
    const forged = `${signed}.${createHmac('sha256', 'another secret').update(signed).digest('base64url')}`;
    for (const token of [unsigned, forged, 'nonsense', `${user.accessToken}x`]) {
      const answer = await me(token);
      expect(answer.statusCode).toBe(401);
      expect(answer.json().code).toBe('token_invalid');
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
  });

  it.each([undefined, 'Basic YTpi', 'Bearer', 'Bearer a b'])(
    'asks for authentication when the header is %j',
    async (authorization) => {
      const answer = await test.app.inject({
        url: '/api/auth/me',
        headers: authorization === undefined ? {} : { authorization },
      });
      expect(answer.statusCode).toBe(401);
      expect(answer.json().code).toBe('authentication_required');
    },
  );

  it('ends one session at sign-out and leaves the others of the user', async () => {
    const user = await createUser(test);
    const other = (await signIn(user.email, user.password)).json();
    expect((await post('/api/auth/sign-out', {}, user.accessToken)).statusCode).toBe(204);
    expect(await codeOf(me(user.accessToken))).toEqual({ status: 401, code: 'token_revoked' });
    expect(await codeOf(refresh(user.refreshToken))).toEqual({ status: 401, code: 'refresh_token_invalid' });
    expect((await me(other.access_token)).statusCode).toBe(200);
  });

  it('ends at sign-out the access tokens from before a refresh too', async () => {
    const user = await createUser(test);
    const second = (await refresh(user.refreshToken)).json();
    await post('/api/auth/sign-out', {}, second.access_token);
    expect(await codeOf(me(user.accessToken))).toEqual({ status: 401, code: 'token_revoked' });
  });

  it('ends all sessions at a password change and leaves API keys', async () => {
    const user = await createUser(test);
    const other = (await signIn(user.email, user.password)).json();
    const passwords = { current_password: user.password, new_password: 'a new and better one' };
    expect((await post('/api/auth/change-password', passwords, user.accessToken)).statusCode).toBe(204);
    for (const token of [user.accessToken, other.access_token]) {
      expect(await codeOf(me(token))).toEqual({ status: 401, code: 'token_revoked' });
    }
    expect((await refresh(other.refresh_token)).statusCode).toBe(401);
    expect((await signIn(user.email, user.password)).statusCode).toBe(401);
    expect((await signIn(user.email, 'a new and better one')).statusCode).toBe(200);
    // The key is known and good; only this route is not for keys.
    expect(await codeOf(me(user.apiKey))).toEqual({ status: 403, code: 'scope_missing' });
  });

  it('changes no password without the current one, nor to one that is too short', async () => {
    const user = await createUser(test);
    const change = (current: string, next: string) =>
      post('/api/auth/change-password', { current_password: current, new_password: next }, user.accessToken);
    expect(await codeOf(change('not the password', 'a new and better one'))).toEqual({
      status: 403,
      code: 'current_password_wrong',
    });
    expect((await change(user.password, 'short')).statusCode).toBe(422);
    expect((await signIn(user.email, user.password)).statusCode).toBe(200);
  });
});

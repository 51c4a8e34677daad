import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserService } from '../../src/modules/auth/index.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, createUser, type TestUser } from '../factories/users.js';

const randomEmail = () => `${randomBytes(8).toString('hex')}@example.com`;
const password = 'long enough to pass';

describe('users', () => {
  let test: TestApp;
  let admin: TestUser;
  beforeAll(async () => {
    test = await createTestApp();
    admin = await createUser(test, { role: 'admin' });
  });
  afterAll(() => test.close());

  const create = (payload: object, token = admin.accessToken) =>
    test.app.inject({ method: 'POST', url: '/api/users', payload, headers: bearer(token) });
  const change = (id: string, payload: object, token = admin.accessToken) =>
    test.app.inject({ method: 'PATCH', url: `/api/users/${id}`, payload, headers: bearer(token) });
  const list = async (query: string) =>
    (await test.app.inject({ url: `/api/users${query}`, headers: bearer(admin.accessToken) })).json();

  it('are made by administrators and can sign in', async () => {
    const email = randomEmail();
    const made = await create({ email, password, role: 'operator' });
    expect(made.statusCode).toBe(201);
    expect(made.json()).toEqual({
      id: made.json().id,
      email,
      role: 'operator',
      is_disabled: false,
      created_at: expect.stringMatching(/Z$/),
    });
    const signIn = await test.app.inject({
      method: 'POST',
      url: '/api/auth/sign-in',
      payload: { email, password },
    });
    expect(signIn.statusCode).toBe(200);
  });

  it.each(['user', 'operator'] as const)('are not for the role %s to see or make', async (role) => {
    const user = await createUser(test, { role });
    for (const token of [user.accessToken, user.apiKey]) {
      const answer = await create({ email: randomEmail(), password }, token);
      expect(answer.statusCode).toBe(403);
      expect(answer.json()).toMatchObject({ code: 'scope_missing', details: { scope: 'administration' } });
      expect((await test.app.inject({ url: '/api/users', headers: bearer(token) })).statusCode).toBe(403);
      expect((await change(user.id, { role: 'admin' }, token)).statusCode).toBe(403);
    }
  });

  it('have one account for an address, whatever its case, also when made at once', async () => {
    const email = randomEmail();
    const answers = await Promise.all([
      create({ email, password }),
      create({ email: email.toUpperCase(), password }),
      create({ email, password }),
    ]);
    expect(answers.map((answer) => answer.statusCode).sort((a, b) => a - b)).toEqual([201, 409, 409]);
    expect(answers.find((answer) => answer.statusCode === 409)?.json()).toMatchObject({
      code: 'email_taken',
      param: 'email',
    });
  });

  it.each([
    ['a short password', { email: randomEmail(), password: 'too short' }, 'password'],
    ['an unknown role', { email: randomEmail(), password, role: 'root' }, 'role'],
    ['an unknown field', { email: randomEmail(), password, is_admin: true }, undefined],
  ])('are not made with %s', async (_what, body, param) => {
    const answer = await create(body);
    expect(answer.statusCode).toBe(422);
    expect(answer.json().param).toBe(param);
  });

  it('are listed page by page from the newest on, without their secrets', async () => {
    const first = (await create({ email: randomEmail(), password })).json();
    const second = (await create({ email: randomEmail(), password })).json();
    const page = await list('?limit=1');
    expect(page.items).toEqual([second]);
    const next = await list(`?limit=1&cursor=${page.next_cursor}`);
    expect(next.items).toEqual([first]);
    expect(JSON.stringify(await list('?limit=100'))).not.toContain('argon2');
  });

  it('that do not exist, and changes of nothing, are refused', async () => {
    const unknown = await change('0190a5b0-0000-7000-8000-000000000000', { role: 'user' });
    expect(unknown.statusCode).toBe(404);
    expect(unknown.json().code).toBe('user_not_found');
    expect((await change('not-an-id', { role: 'user' })).statusCode).toBe(422);
    expect((await change(admin.id, {})).statusCode).toBe(422);
  });

  it('cannot sign up here', async () => {
    const answer = await test.app.inject({
      method: 'POST',
      url: '/api/auth/sign-up',
      payload: { email: randomEmail(), password },
    });
    expect(answer.statusCode).toBe(403);
    expect(answer.json().code).toBe('sign_up_closed');
  });
});

describe('the last administrator', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  const change = (actor: TestUser, id: string, payload: object) =>
    test.app.inject({
      method: 'PATCH',
      url: `/api/users/${id}`,
      payload,
      headers: bearer(actor.accessToken),
    });

  it('can be neither demoted nor disabled, even when two demote each other at once', async () => {
    const one = await createUser(test, { role: 'admin' });
    for (const payload of [
      { role: 'operator' },
      { is_disabled: true },
      { role: 'user', is_disabled: true },
    ]) {
      const answer = await change(one, one.id, payload);
      expect(answer.statusCode).toBe(409);
      expect(answer.json().code).toBe('last_administrator');
    }
    // Confirming what is already so takes nothing away.
    expect((await change(one, one.id, { role: 'admin', is_disabled: false })).statusCode).toBe(200);
    const two = await createUser(test, { role: 'admin' });
    const answers = await Promise.all([
      change(one, two.id, { role: 'user' }),
      change(two, one.id, { is_disabled: true }),
    ]);
    // The second is refused, by whichever check it meets first: it may have lost its own role by then.
    const refused = answers.filter((answer) => answer.statusCode !== 200);
    expect(refused).toHaveLength(1);
    expect([401, 403, 409]).toContain(refused[0]?.statusCode);
    const users = await test.app.get(UserService).listUsers(100, undefined);
    expect(users.filter((user) => user.role === 'admin' && !user.isDisabled)).toHaveLength(1);
  });
});

describe('sign-up where it is open', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({
      LOCKKEEPER_SIGN_UP_OPEN: 'true',
      LOCKKEEPER_SIGN_UPS_PER_ADDRESS: '3',
    });
  });
  afterAll(() => test.close());

  const signUp = (payload: object, remoteAddress: string) =>
    test.app.inject({ method: 'POST', url: '/api/auth/sign-up', payload, remoteAddress });

  it('makes an account of role user, and takes no other role', async () => {
    const email = randomEmail();
    const answer = await signUp({ email, password }, '192.0.2.1');
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toMatchObject({ email, role: 'user' });
    expect((await signUp({ email: randomEmail(), password, role: 'admin' }, '192.0.2.1')).statusCode).toBe(
      422,
    );
    expect((await signUp({ email, password }, '192.0.2.1')).json().code).toBe('email_taken');
  });

  it('is limited by address', async () => {
    for (let count = 0; count < 3; count++) {
      expect((await signUp({ email: randomEmail(), password }, '192.0.2.2')).statusCode).toBe(201);
    }
    const refused = await signUp({ email: randomEmail(), password }, '192.0.2.2');
    expect(refused.statusCode).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3_000);
    expect((await signUp({ email: randomEmail(), password }, '192.0.2.3')).statusCode).toBe(201);
  });
});

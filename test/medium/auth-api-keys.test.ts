import { createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { setClockAhead } from '../factories/test-clock.js';
import { bearer, createUser, type TestUser } from '../factories/users.js';

describe('API keys', () => {
  let test: TestApp;
  beforeAll(async () => {
    // Long enough that nobody is forgotten while a test runs.
    test = await createTestApp({ LOCKKEEPER_PRINCIPAL_CACHE_MS: '60000' });
  });
  afterEach(() => setClockAhead(test, 0));
  afterAll(() => test.close());

  const create = (token: string, payload: object) =>
    test.app.inject({ method: 'POST', url: '/api/api-keys', payload, headers: bearer(token) });
  const list = (token: string, query = '') =>
    test.app.inject({ url: `/api/api-keys${query}`, headers: bearer(token) });
  const revoke = (token: string, id: string) =>
    test.app.inject({ method: 'DELETE', url: `/api/api-keys/${id}`, headers: bearer(token) });
  /** Calls a route of scope `administration`. */
  const administer = (token: string) => test.app.inject({ url: '/api/users', headers: bearer(token) });
  const lastUse = async (user: TestUser): Promise<string | null> =>
    (await list(user.accessToken)).json().items[0].last_used_at;

  it('authenticate as their owner with the scopes that they were made for', async () => {
    const admin = await createUser(test, { role: 'admin' });
    const made = await create(admin.accessToken, { name: 'reader', scopes: ['administration'] });
    expect(made.statusCode).toBe(201);
    expect(made.json().api_key).toMatch(/^lk_[A-Za-z0-9_-]{43}$/);
    expect((await administer(made.json().api_key)).statusCode).toBe(200);
  });

  it('are refused by name of the scope where they lack it', async () => {
    const admin = await createUser(test, { role: 'admin' });
    const made = await create(admin.accessToken, { name: 'chat only', scopes: ['chat'] });
    const answer = await administer(made.json().api_key);
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({ code: 'scope_missing', details: { scope: 'administration' } });
  });

  it('are shown once and kept only as a hash', async () => {
    const user = await createUser(test);
    const made = (await create(user.accessToken, { name: 'once', scopes: ['chat'] })).json();
    const listed = await list(user.accessToken);
    expect(listed.json().items[0]).toMatchObject({ id: made.id, prefix: made.api_key.slice(0, 11) });
    expect(listed.body).not.toContain(made.api_key);
    const connection = await createConnection(test.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
    const [rows] = await connection.query('SELECT * FROM api_keys WHERE id = ?', [made.id]);
    await connection.end();
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(made.api_key.slice(11));
  });

  it('cannot touch the account of their owner', async () => {
    const admin = await createUser(test, { role: 'admin' });
    for (const answer of [
      await list(admin.apiKey),
      await create(admin.apiKey, { name: 'child', scopes: ['chat'] }),
      await test.app.inject({
        method: 'POST',
        url: '/api/auth/change-password',
        payload: { current_password: admin.password, new_password: 'taken over now' },
        headers: bearer(admin.apiKey),
      }),
    ]) {
      expect(answer.statusCode).toBe(403);
      expect(answer.json()).toMatchObject({ code: 'scope_missing', details: { scope: 'account' } });
    }
  });

  it('cannot be given a scope that their owner does not have', async () => {
    const user = await createUser(test);
    const answer = await create(user.accessToken, { name: 'more', scopes: ['chat', 'operations'] });
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({
      code: 'scope_not_grantable',
      details: { scopes: ['operations'] },
    });
  });

  it.each([
    ['no scope', { name: 'x', scopes: [] }, 'scopes'],
    ['the scope account', { name: 'x', scopes: ['account'] }, 'scopes.0'],
    ['no name', { name: '  ', scopes: ['chat'] }, 'name'],
    [
      'an expiry that is past',
      { name: 'x', scopes: ['chat'], expires_at: '2020-01-01T00:00:00Z' },
      'expires_at',
    ],
    ['an expiry that is no time', { name: 'x', scopes: ['chat'], expires_at: 'soon' }, 'expires_at'],
  ])('are not made with %s', async (_what, body, param) => {
    const user = await createUser(test);
    const answer = await create(user.accessToken, body);
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: 'invalid_request', param });
  });

  it('stop at their expiry, even if their owner is remembered', async () => {
    const admin = await createUser(test, { role: 'admin' });
    const expiresAt = new Date(Date.now() + 3_600_000);
    const made = await create(admin.accessToken, {
      name: 'for an hour',
      scopes: ['administration'],
      expires_at: expiresAt.toISOString(),
    });
    const key = made.json().api_key;
    setClockAhead(test, 3_570_000);
    expect((await administer(key)).statusCode).toBe(200);
    setClockAhead(test, 3_600_001);
    const answer = await administer(key);
    expect(answer.statusCode).toBe(401);
    expect(answer.json().code).toBe('api_key_expired');
  });

  it.each(['lk_', `lk_${'A'.repeat(43)}`, `lk_${'A'.repeat(200)}`, 'lk_../../etc'])(
    'that nobody made are refused (%s)',
    async (key) => {
      const answer = await administer(key);
      expect(answer.statusCode).toBe(401);
      expect(answer.json().code).toBe('api_key_invalid');
    },
  );

  it('are refused for good once revoked, which may be repeated', async () => {
    const admin = await createUser(test, { role: 'admin' });
    const made = (await create(admin.accessToken, { name: 'brief', scopes: ['administration'] })).json();
    expect((await revoke(admin.accessToken, made.id)).statusCode).toBe(204);
    expect((await administer(made.api_key)).json().code).toBe('api_key_invalid');
    const [first] = (await list(admin.accessToken)).json().items;
    expect((await revoke(admin.accessToken, made.id)).statusCode).toBe(204);
    const [second] = (await list(admin.accessToken)).json().items;
    expect(first.revoked_at).not.toBeNull();
    expect(second).toEqual(first);
  });

  it('are revoked only by their owner', async () => {
    const owner = await createUser(test);
    const stranger = await createUser(test, { role: 'admin' });
    const made = (await create(owner.accessToken, { name: 'mine', scopes: ['chat'] })).json();
    const answer = await revoke(stranger.accessToken, made.id);
    expect(answer.statusCode).toBe(404);
    expect(answer.json().code).toBe('api_key_not_found');
    expect((await list(owner.accessToken)).json().items[0].revoked_at).toBeNull();
    expect((await list(stranger.accessToken)).body).not.toContain(made.id);
  });

  it('are listed page by page from the newest on', async () => {
    const user = await createUser(test);
    const ids = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      ids.unshift((await create(user.accessToken, { name, scopes: ['chat'] })).json().id);
    }
    const first = (await list(user.accessToken, '?limit=3')).json();
    const second = (await list(user.accessToken, `?limit=3&cursor=${first.next_cursor}`)).json();
    expect(first.items.map((key: { id: string }) => key.id)).toEqual(ids.slice(0, 3));
    // The fifth is the one that every test user has.
    expect(second.items.map((key: { name: string }) => key.name)).toEqual(['a', 'of a test']);
    expect(second.next_cursor).toBeNull();
    expect((await list(user.accessToken, '?limit=101')).statusCode).toBe(422);
    expect((await list(user.accessToken, '?cursor=x')).statusCode).toBe(422);
  });

  it('are live in at most a hundred a user, also when asked for at once', async () => {
    const user = await createUser(test);
    const answers = await Promise.all(
      Array.from({ length: 105 }, (_, index) =>
        create(user.accessToken, { name: `key ${index}`, scopes: ['chat'] }),
      ),
    );
    const made = answers.filter((answer) => answer.statusCode === 201);
    // With the one that every test user has, a hundred.
    expect(made).toHaveLength(99);
    const refused = answers.find((answer) => answer.statusCode !== 201);
    expect(refused?.statusCode).toBe(409);
    expect(refused?.json().code).toBe('too_many_api_keys');
    await revoke(user.accessToken, made[0]?.json().id);
    expect((await create(user.accessToken, { name: 'again', scopes: ['chat'] })).statusCode).toBe(201);
  });

  it('tell when they were last used, right to a minute', async () => {
    const user = await createUser(test);
    expect(await lastUse(user)).toBeNull();
    await administer(user.apiKey);
    const first = await vi.waitFor(async () => {
      const noted = await lastUse(user);
      expect(noted).not.toBeNull();
      return noted;
    });
    setClockAhead(test, 30_000);
    await administer(user.apiKey);
    setClockAhead(test, 61_000);
    expect(await lastUse(user)).toBe(first);
    await administer(user.apiKey);
    await vi.waitFor(async () => expect(await lastUse(user)).not.toBe(first));
  });
});

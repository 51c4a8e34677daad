import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configDefinitions } from '../../src/app.config.js';
import { ensureAdministrator } from '../../src/ensure-administrator.command.js';
import { loadConfig } from '../../src/platform/config/index.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, createUser } from '../factories/users.js';

const password = 'long enough to pass';
const randomEmail = () => `${randomBytes(8).toString('hex')}@example.com`;
const readNothing = () => Promise.reject(new Error('The password was read.'));

describe('ensure-administrator', () => {
  let test: TestApp;
  beforeEach(async () => {
    // The least that the configuration allows must be enough: nothing may wait for a second connection.
    test = await createTestApp({ LOCKKEEPER_DATABASE_POOL_SIZE: '1' });
  });
  afterEach(() => test.close());

  const ensure = (options: object, readPassword = async () => password) =>
    ensureAdministrator(loadConfig(test.environment, configDefinitions), options, readPassword);
  const listUsers = (token: string) => test.app.inject({ url: '/api/users', headers: bearer(token) });
  const signIn = (email: string) =>
    test.app.inject({ method: 'POST', url: '/api/auth/sign-in', payload: { email, password } });

  it('makes an administrator who can sign in, and a key for everything that keys may do', async () => {
    const email = randomEmail();
    const outcome = await ensure({ email });
    expect(outcome).toEqual({ created: true, email, api_key: expect.stringMatching(/^lk_/) });
    expect((await listUsers(outcome.api_key ?? '')).json().items).toMatchObject([{ email, role: 'admin' }]);
    const session = (await signIn(email)).json();
    const keys = await test.app.inject({ url: '/api/api-keys', headers: bearer(session.access_token) });
    expect(keys.json().items[0].scopes).toEqual([
      'chat',
      'conversations:read',
      'conversations:write',
      'coins:read',
      'engagement',
      'logs:read',
      'logs:write',
      'support',
      'support:answer',
      'marketplace',
      'memory',
      'files',
      'tasks',
      'knowledge',
      'operations',
      'administration',
    ]);
  });

  it('does nothing, and reads no password, if there is an administrator', async () => {
    await createUser(test, { role: 'admin' });
    expect(await ensure({ email: randomEmail() }, readNothing)).toEqual({ created: false });
  });

  it('makes one administrator however often it runs at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => ensure({ email: randomEmail() })));
    const made = outcomes.filter((outcome) => outcome.created);
    expect(made).toHaveLength(1);
    expect((await listUsers(made[0]?.api_key ?? '')).json().items).toHaveLength(1);
  });

  it('gives another key for a lost one, which it revokes, and leaves the password', async () => {
    const email = randomEmail();
    const { api_key: lost = '' } = await ensure({ email });
    const outcome = await ensure({ email: email.toUpperCase(), 'reset-key': true });
    expect(outcome).toEqual({ created: false, email, api_key: expect.stringMatching(/^lk_/) });
    expect((await listUsers(outcome.api_key ?? '')).statusCode).toBe(200);
    expect((await listUsers(lost)).json().code).toBe('api_key_invalid');
    expect((await signIn(email)).statusCode).toBe(200);
  });

  it('gives a key to nobody but an administrator', async () => {
    await createUser(test, { role: 'admin' });
    const operator = await createUser(test, { role: 'operator' });
    await expect(ensure({ email: operator.email, 'reset-key': true })).rejects.toThrow(
      `No active administrator has the address ${operator.email}.`,
    );
  });

  it('does not take over the account of somebody else', async () => {
    const user = await createUser(test);
    await expect(ensure({ email: user.email })).rejects.toThrow(
      'There is an account with this e-mail address',
    );
    expect(await ensure({ email: randomEmail() })).toMatchObject({ created: true });
  });

  it.each([
    ['no address', {}, password, /--email/],
    ['no number of coins', { email: 'a@example.com', coins: 'many' }, password, /--coins: 'many'/],
    ['coins below zero', { email: 'a@example.com', coins: '-1' }, password, /--coins/],
    ['a short password', { email: 'a@example.com' }, 'short', /password must have at least 10/],
  ])('refuses %s in words', async (_what, options, given, message) => {
    await expect(ensure(options, async () => given)).rejects.toThrow(message);
    expect(await ensure({ email: randomEmail() })).toMatchObject({ created: true });
  });
});

import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NestPinoLogger } from '../../src/platform/logging/index.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, createUser, type TestUser } from '../factories/users.js';

describe('the audit log', () => {
  let test: TestApp;
  let admin: TestUser;
  const lines: string[] = [];
  beforeAll(async () => {
    test = await createTestApp();
    // No redaction here: no secret may get as far as that.
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(chunk.toString());
        done();
      },
    });
    test.app.useLogger(new NestPinoLogger(pino(stream)));
    admin = await createUser(test, { role: 'admin' });
  });
  afterAll(() => test.close());

  const post = (url: string, payload: object, token?: string) =>
    test.app.inject({ method: 'POST', url, payload, headers: token ? bearer(token) : {} });
  const eventsOf = (userId: string) =>
    lines
      .map((line) => JSON.parse(line))
      .filter((line) => line.user_id === userId)
      .map((line) => line.event);

  it('has a line for each event, and no secret', async () => {
    const password = 'the password of a user';
    const email = `${admin.id}@example.com`;
    const { id } = (await post('/api/users', { email, password }, admin.accessToken)).json();
    await post('/api/auth/sign-in', { email, password: 'the wrong password' });
    const session = (await post('/api/auth/sign-in', { email, password })).json();
    const key = (await post('/api/api-keys', { name: 'k', scopes: ['chat'] }, session.access_token)).json();
    await test.app.inject({
      method: 'DELETE',
      url: `/api/api-keys/${key.id}`,
      headers: bearer(session.access_token),
    });
    const next = (await post('/api/auth/refresh', { refresh_token: session.refresh_token })).json();
    await post('/api/auth/refresh', { refresh_token: session.refresh_token });
    const last = (await post('/api/auth/sign-in', { email, password })).json();
    const newPassword = 'the next password of a user';
    const change = { current_password: password, new_password: newPassword };
    await post('/api/auth/change-password', change, last.access_token);
    await test.app.inject({
      method: 'PATCH',
      url: `/api/users/${id}`,
      payload: { is_disabled: true },
      headers: bearer(admin.accessToken),
    });
    expect(eventsOf(id)).toEqual([
      'auth.user_created',
      'auth.sign_in_failed',
      'auth.sign_in_succeeded',
      'auth.api_key_created',
      'auth.api_key_revoked',
      'auth.refresh_token_reused',
      'auth.sign_in_succeeded',
      'auth.password_changed',
      'auth.user_changed',
    ]);
    const secrets = [password, newPassword, 'the wrong password', email, key.api_key];
    const tokens = [session, next, last].flatMap((each) => [each.access_token, each.refresh_token]);
    for (const secret of [...secrets, ...tokens]) expect(lines.join('')).not.toContain(secret);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, createUser } from '../factories/users.js';

describe('sessions', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  const post = (url: string, payload: object, token?: string) =>
    test.app.inject({ method: 'POST', url, payload, headers: token ? bearer(token) : {} });
  const me = (token: string) => test.app.inject({ url: '/api/auth/me', headers: bearer(token) });

  it('signs in with e-mail and password, whatever the case of the address', async () => {
    const user = await createUser(test);
    const answer = await post('/api/auth/sign-in', {
      email: user.email.toUpperCase(),
      password: user.password,
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ token_type: 'Bearer', user: { id: user.id, role: 'user' } });
    const mine = await me(answer.json().access_token);
    expect(mine.json().user).toMatchObject({ id: user.id, email: user.email });
  });
});

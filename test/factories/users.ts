import { randomBytes } from 'node:crypto';
import {
  ApiKeyService,
  grantableKeyScopes,
  type Role,
  SessionService,
  UserService,
} from '../../src/modules/auth/index.js';
import type { TestApp } from './test-app.js';

/** A user with everything needed to call the API as one. */
export interface TestUser {
  id: string;
  email: string;
  password: string;
  /** Of a session. */
  accessToken: string;
  refreshToken: string;
  /** With all scopes that the role allows a key. */
  apiKey: string;
}

/** Makes a user under a random address, signs in, and makes an API key. */
export async function createUser(test: TestApp, { role = 'user' }: { role?: Role } = {}): Promise<TestUser> {
  const email = `${role}-${randomBytes(8).toString('hex')}@example.com`;
  const password = `password of ${email}`;
  const { id } = await test.app.get(UserService).createUser({ email, password, role });
  // Each from an address of its own, so that no limit is shared.
  const session = await test.app.get(SessionService).signIn(email, password, `test-${id}`);
  const { secret } = await test.app.get(ApiKeyService).createKey(id, {
    name: 'of a test',
    scopes: grantableKeyScopes(role),
  });
  return {
    id,
    email,
    password,
    accessToken: session.accessToken,
    refreshToken: session.refreshToken,
    apiKey: secret,
  };
}

/** The header that presents a token or key. */
export function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}

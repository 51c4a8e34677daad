import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SessionService } from '../../src/modules/auth/index.js';
import { ForgetExpiredCredentialsHandler } from '../../src/modules/auth/tasks/forget-expired-credentials.handler.js';
import { ExpiredCredentialRepository } from '../../src/modules/auth/expired-credential.repository.js';
import { Transactions } from '../../src/platform/database/index.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, createUser } from '../factories/users.js';

describe('credentials that have expired', () => {
  let test: TestApp;
  let handler: ForgetExpiredCredentialsHandler;
  beforeAll(async () => {
    test = await createTestApp();
    handler = new ForgetExpiredCredentialsHandler(
      new ExpiredCredentialRepository(test.app.get(Transactions)),
    );
  });
  afterAll(() => test.close());

  const run = () => handler.run({ signal: new AbortController().signal });
  const sql = <T>(statement: string, ...values: unknown[]) =>
    test.app.get(Transactions).single.query<T>(statement, values);
  const sessionsOf = async (userId: string) =>
    (await sql<unknown[]>('SELECT id FROM sessions WHERE user_id = ?', userId)).length;

  it('are forgotten, a session with its last token, and none that is of use', async () => {
    const gone = await createUser(test);
    const half = await createUser(test);
    const alive = await createUser(test);
    await test.app.get(SessionService).refresh(half.refreshToken, 'test');
    const expire = (userId: string, days: number, and = '') =>
      sql(
        `UPDATE refresh_tokens r JOIN sessions s ON s.id = r.session_id
            SET r.expires_at = UTC_TIMESTAMP(3) - INTERVAL ? DAY WHERE s.user_id = ? ${and}`,
        days,
        userId,
      );
    await expire(gone.id, 2);
    await expire(half.id, 2, 'AND r.used_at IS NOT NULL');
    await expire(alive.id, 0);
    const revoke = (days: number) =>
      sql(
        'INSERT INTO revoked_tokens (token_hash, expires_at) VALUES (?, UTC_TIMESTAMP(3) - INTERVAL ? DAY)',
        randomBytes(32).toString('hex'),
        days,
      );
    for (const days of [3, 2, 0]) await revoke(days);
    expect(await run()).toEqual({ refresh_tokens: 2, console_sessions: 0, sessions: 1, revoked_tokens: 2 });
    expect([await sessionsOf(gone.id), await sessionsOf(half.id), await sessionsOf(alive.id)]).toEqual([
      0, 1, 1,
    ]);
    const me = await test.app.inject({ url: '/api/auth/me', headers: bearer(alive.accessToken) });
    expect(me.statusCode).toBe(200);
    expect(await run()).toEqual({ refresh_tokens: 0, console_sessions: 0, sessions: 0, revoked_tokens: 0 });
  });

  it('are forgotten in batches, and no further when the time is up', async () => {
    const values = Array.from({ length: 1_201 }, () => [randomBytes(32).toString('hex'), new Date(0)]);
    await sql('INSERT INTO revoked_tokens (token_hash, expires_at) VALUES ?', values);
    expect(await handler.run({ signal: AbortSignal.abort() })).toMatchObject({ revoked_tokens: 0 });
    expect(await run()).toMatchObject({ revoked_tokens: 1_201 });
  });
});

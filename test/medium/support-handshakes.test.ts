import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeyService, UserService } from '../../src/modules/auth/index.js';
import { type SupportClient, TestSupport } from '../factories/support.js';
import { createTestApp } from '../factories/test-app.js';
import { setClockAhead } from '../factories/test-clock.js';
import { bearer } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const SETTINGS = {
  LOCKKEEPER_SOCKETS_RECHECK_MS: '200',
  LOCKKEEPER_SOCKETS_PER_USER: '3',
};

describe('connections for support', () => {
  /** Two API processes of one installation. */
  let here: TestSupport;
  let there: TestSupport;

  beforeAll(async () => {
    const first = await createTestApp(SETTINGS);
    here = await TestSupport.listen(first);
    there = await TestSupport.listen(await createTestApp({ ...first.environment }));
  });
  afterAll(async () => {
    await there.close();
    await here.close();
  });

  describe('a handshake', () => {
    it.each([
      ['no token', undefined, 'authentication_required'],
      ['a token that is none', 'nonsense', 'token_invalid'],
      ['a key that is none', `lk_${'0'.repeat(20)}`, 'api_key_invalid'],
    ])('with %s is refused with its code', async (_name, token, code) => {
      expect(await here.refusal(token)).toBe(code);
    });

    it('with a revoked token, an expired one, or a key without the scope is refused with its code', async () => {
      const user = await here.user();
      const { secret } = await here.test.app
        .get(ApiKeyService)
        .createKey(user.id, { name: 'chat only', scopes: ['chat'] });
      expect(await here.refusal(secret)).toBe('scope_missing');
      await there.test.app.inject({
        method: 'POST',
        url: '/api/auth/sign-out',
        headers: bearer(user.accessToken),
      });
      expect(await here.refusal(user.accessToken)).toBe('token_revoked');
      const other = await here.user();
      setClockAhead(here.test, 24 * 60 * 60 * 1000);
      try {
        expect(await here.refusal(other.accessToken)).toBe('token_expired');
      } finally {
        setClockAhead(here.test, 0);
      }
    });

    it.each(['auth.token', 'the header'])('takes an API key by %s', async (by) => {
      const user = await here.user();
      const socket = await (by === 'auth.token'
        ? here.dial(user.apiKey)
        : here.dial(undefined, { extraHeaders: bearer(user.apiKey) }));
      await waitUntil('the connection', () => socket.connected);
    });

    it('is possible by long polling, too', async () => {
      const client = await here.connect(await here.user(), { transports: ['polling'] });
      expect(await client.ask('join', { chat_id: randomUUID() })).toMatchObject({ ok: false });
    });

    it('is refused to a user with too many connections', async () => {
      const user = await here.user();
      const clients = [await here.connect(user), await here.connect(user), await here.connect(user)];
      expect(await here.refusal(user.accessToken)).toBe('too_many_connections');
      clients[0]?.close();
      await waitUntil('room again', async () => {
        const socket = await here.dial(user.accessToken);
        return new Promise<boolean>((resolve) => {
          socket.once('connect', () => resolve(true)).once('connect_error', () => resolve(false));
        });
      });
    });
  });

  describe('who may no longer connect is cut off', () => {
    async function expectCutOff(client: SupportClient, code: string): Promise<void> {
      await waitUntil('the cut', () => !client.socket.connected);
      expect(client.payloads('cut_off')).toMatchObject([{ code }]);
    }

    it('when the session ends', async () => {
      const user = await here.user();
      const client = await here.connect(user);
      await there.test.app.inject({
        method: 'POST',
        url: '/api/auth/sign-out',
        headers: bearer(user.accessToken),
      });
      await expectCutOff(client, 'token_revoked');
    });

    it('when the account is disabled', async () => {
      const [user, administrator] = [await here.user(), await here.user('admin')];
      const client = await here.connect(user);
      await there.test.app.get(UserService).changeUser(user.id, { isDisabled: true }, administrator.id);
      await expectCutOff(client, 'token_revoked');
    });

    it('when the rights that it was let in with are fewer', async () => {
      const administrator = await here.user('admin');
      const operator = await here.user('operator');
      const client = await here.connect(operator);
      await there.test.app.get(UserService).changeUser(operator.id, { role: 'user' }, administrator.id);
      setClockAhead(here.test, 10_000);
      await expectCutOff(client, 'scope_missing').finally(() => setClockAhead(here.test, 0));
    });

    it('when the token expires, unless it has been renewed', async () => {
      const [user, other] = [await here.user(), await here.user()];
      const client = await here.connect(user);
      const forgetful = await here.connect(other);
      const renewed = await here.test.app.inject({
        method: 'POST',
        url: '/api/auth/refresh',
        payload: { refresh_token: user.refreshToken },
      });
      expect(renewed.statusCode).toBe(200);
      expect(await forgetful.ask('authenticate', { token: renewed.json().access_token })).toMatchObject({
        ok: false,
        error: { code: 'scope_missing' },
      });
      // An API key stands for a token that is good for longer.
      expect(await client.ask('authenticate', { token: user.apiKey })).toEqual({ ok: true });
      setClockAhead(here.test, 60 * 60 * 1000);
      try {
        await expectCutOff(forgetful, 'token_expired');
        expect(client.socket.connected).toBe(true);
      } finally {
        setClockAhead(here.test, 0);
      }
    });
  });
});

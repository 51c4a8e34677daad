import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeyService } from '../../src/modules/auth/index.js';
import { tokenHash } from '../../src/modules/auth/domain/secrets.js';
import { DURABLE_REDIS, type RedisClient } from '../../src/platform/redis/index.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { setClockAhead } from '../factories/test-clock.js';
import { bearer, createUser, type TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const CACHE_MS = 50;
const MEMORY_MS = 60_000;

describe('who calls while MySQL is away', () => {
  let direct: TestApp;
  let test: TestApp;
  let way: TcpProxy;
  let known: TestUser;
  let revoked: TestUser;
  beforeAll(async () => {
    direct = await createTestApp();
    way = await createTcpProxy(direct.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
    test = await createTestApp({
      ...direct.environment,
      LOCKKEEPER_DATABASE_URL: way.url,
      LOCKKEEPER_PRINCIPAL_CACHE_MS: String(CACHE_MS),
      LOCKKEEPER_API_KEY_MEMORY_MS: String(MEMORY_MS),
    });
    [known, revoked] = [await createUser(direct), await createUser(direct)];
    for (const user of [known, revoked]) expect(await sendLog(user.apiKey)).toBe(200);
    expect(await askAccount(known.accessToken)).toBe(200);
    await way.cut();
    // What is remembered for some milliseconds is forgotten.
    await waitUntil(
      'a session is no longer known',
      async () => (await askAccount(known.accessToken)) === 503,
    );
  });
  afterAll(async () => {
    await test.close();
    await direct.close();
  });

  async function sendLog(apiKey: string): Promise<number> {
    const payload = { device_id: 'device', log_level: 'INFO', message: 'hello' };
    const answer = await test.app.inject({
      method: 'POST',
      url: '/api/log',
      headers: bearer(apiKey),
      payload,
    });
    return answer.statusCode;
  }
  async function askAccount(token: string): Promise<number> {
    return (await test.app.inject({ url: '/api/auth/me', headers: bearer(token) })).statusCode;
  }

  it('an API key that MySQL knew before may go on sending logs', async () => {
    for (let count = 0; count < 3; count++) expect(await sendLog(known.apiKey)).toBe(200);
  });

  it('a key that nobody has seen here is refused, to be tried again', async () => {
    const { apiKey } = await createUser(direct);
    expect(await sendLog(apiKey)).toBe(503);
  });

  it('a key that is revoked elsewhere is refused at once', async () => {
    expect(await sendLog(revoked.apiKey)).toBe(200);
    await direct.app.get(ApiKeyService).revokeKeysNamed(revoked.id, 'of a test');
    expect(await sendLog(revoked.apiKey)).toBe(401);
  });

  it('a key that was revoked is refused for as long as any process may remember it', async () => {
    const redis = test.app.get<RedisClient>(DURABLE_REDIS);
    expect(await redis.pttl(`jwt:blacklist:${tokenHash(revoked.apiKey)}`)).toBeGreaterThan(MEMORY_MS);
  });

  it('and none is good for longer than it is remembered', async () => {
    setClockAhead(test, MEMORY_MS + 1_000);
    expect(await sendLog(known.apiKey)).toBe(503);
    setClockAhead(test, 0);
  });

  it('all are known again when MySQL is back', async () => {
    await way.restore();
    await waitUntil('the key is known', async () => (await sendLog(known.apiKey)) === 200);
    expect(await sendLog(revoked.apiKey)).toBe(401);
  });
});

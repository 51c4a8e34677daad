import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CoinAccountService } from '../../src/modules/coin-account/index.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, createUser, type TestUser } from '../factories/users.js';

describe('coins over HTTP', () => {
  let test: TestApp;
  let operator: TestUser;
  beforeAll(async () => {
    test = await createTestApp();
    operator = await createUser(test, { role: 'operator' });
  });
  afterAll(() => test.close());

  function get(url: string, user: TestUser) {
    return test.app.inject({ url, headers: bearer(user.apiKey) });
  }

  function grant(userId: string, body: object, key: string | undefined = randomUUID(), as = operator) {
    return test.app.inject({
      method: 'POST',
      url: `/api/coins/accounts/${userId}/grants`,
      headers: { ...bearer(as.apiKey), ...(key === undefined ? {} : { 'idempotency-key': key }) },
      payload: body,
    });
  }

  const hundred = { amount: '100', reason: 'purchase' };

  it('shows a user the account and its journal, page by page, and no operator', async () => {
    const user = await createUser(test);
    expect((await get('/api/coins/account', user)).json()).toMatchObject({ balance: '0.000000' });
    await grant(user.id, { ...hundred, note: 'Order 7' });
    const holdId = randomUUID();
    await test.app.get(CoinAccountService).holdCoins({
      accountId: user.id,
      holdId,
      amount: 2_500_000n,
      purpose: 'chat',
      reference: holdId,
      leaseMs: 60_000,
    });
    expect((await get('/api/coins/account', user)).json()).toEqual({
      account_id: user.id,
      balance: '100.000000',
      available: '97.500000',
      frozen: '2.500000',
      debt: '0.000000',
      is_blocked: false,
    });
    const first = await get('/api/coins/journal?limit=1', user);
    expect(first.json().items).toMatchObject([{ sequence: 2, kind: 'hold', hold_id: holdId }]);
    const second = await get(`/api/coins/journal?limit=1&cursor=${first.json().next_cursor}`, user);
    expect(second.json()).toMatchObject({
      items: [{ sequence: 1, kind: 'grant', balance_delta: '100.000000', note: 'Order 7' }],
      next_cursor: null,
    });
    expect(second.payload).not.toContain(operator.id);
  });

  it('grants once for a key, bare or quoted, and refuses it for other content', async () => {
    const user = await createUser(test);
    const first = await grant(user.id, { ...hundred, amount: '12.5' }, 'order-1');
    expect(first.statusCode).toBe(200);
    expect(first.json()).toEqual({
      account_id: user.id,
      amount: '12.500000',
      debt_paid: '0.000000',
      balance: '12.500000',
      available: '12.500000',
      frozen: '0.000000',
      debt: '0.000000',
    });
    const again = await grant(user.id, { ...hundred, amount: '12.500' }, '"order-1"');
    expect([again.statusCode, again.json()]).toEqual([200, first.json()]);
    const other = await grant(user.id, hundred, 'order-1');
    expect([other.statusCode, other.json().code]).toEqual([422, 'idempotency_key_reused']);
    const account = await get(`/api/coins/accounts/${user.id}`, operator);
    expect(account.json()).toMatchObject({ account_id: user.id, balance: '12.500000' });
  });

  it.each([
    [400, 'idempotency_key_missing', hundred, ''],
    [422, 'idempotency_key_invalid', hundred, '"open'],
    [422, 'idempotency_key_invalid', hundred, 'k'.repeat(256)],
    [422, 'invalid_request', { ...hundred, amount: 100 }, 'key'],
    [422, 'invalid_request', { ...hundred, reason: 'gift' }, 'key'],
    [422, 'invalid_request', { ...hundred, coins: '1' }, 'key'],
    [422, 'amount_zero', { ...hundred, amount: '0.000000' }, 'key'],
    [422, 'amount_negative', { ...hundred, amount: '-1' }, 'key'],
    [422, 'amount_not_a_decimal', { ...hundred, amount: '1e3' }, 'key'],
    [422, 'amount_too_many_decimals', { ...hundred, amount: '0.0000001' }, 'key'],
    [422, 'amount_too_large', { ...hundred, amount: '9223372036854.775808' }, 'key'],
  ])('answers %i %s to a grant that makes no sense', async (status, code, body, key) => {
    const user = await createUser(test);
    const answer = await grant(user.id, body, key);
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    expect((await get('/api/coins/account', user)).json()).toMatchObject({ balance: '0.000000' });
  });

  it('gives no coins to a user who does not exist', async () => {
    const userId = randomUUID();
    const granted = await grant(userId, hundred);
    expect([granted.statusCode, granted.json().code]).toEqual([404, 'user_not_found']);
    expect((await get(`/api/coins/accounts/${userId}`, operator)).statusCode).toBe(404);
    expect((await get('/api/coins/accounts/me', operator)).statusCode).toBe(422);
  });

  it('lets only operators grant or look at another account, and nobody without a scope', async () => {
    const [user, victim] = [await createUser(test), await createUser(test)];
    const granted = await grant(user.id, hundred, 'mine', user);
    expect([granted.statusCode, granted.json().code]).toEqual([403, 'scope_missing']);
    expect((await get(`/api/coins/accounts/${victim.id}`, user)).statusCode).toBe(403);
    for (const url of ['/api/coins/account', '/api/coins/journal', `/api/coins/accounts/${victim.id}`]) {
      expect((await test.app.inject({ url })).statusCode).toBe(401);
    }
  });

  it('refuses a cursor that is not its own', async () => {
    const user = await createUser(test);
    const answer = await get('/api/coins/journal?cursor=abc', user);
    expect([answer.statusCode, answer.json().param]).toEqual([422, 'cursor']);
    expect((await get('/api/coins/journal?limit=101', user)).statusCode).toBe(422);
  });
});

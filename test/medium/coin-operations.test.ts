import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COIN, TestCoinApi } from '../factories/coin-api.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, type TestUser } from '../factories/users.js';
import { newId } from '../../src/shared/ids.js';

let api: TestCoinApi;
beforeAll(async () => {
  api = await TestCoinApi.create();
});
afterAll(() => api.close());

describe('a penalty by an operator', () => {
  const body = { amount: '30', reason: 'chargeback', note: 'Payment 7 was charged back' };

  it('gives a hold back, takes the coins, and leaves a debt for the rest, once for its key', async () => {
    const user = await api.userWith(20n);
    const holdId = await api.hold(user.id);
    const first = await api.post(`${user.id}/penalties`, { ...body, hold_id: holdId }, 'chargeback-7');
    expect([first.statusCode, first.json()]).toEqual([
      200,
      {
        account_id: user.id,
        amount: '30.000000',
        refunded_amount: '1.000000',
        debt_amount: '10.000000',
        balance: '0.000000',
        available: '0.000000',
        frozen: '0.000000',
        debt: '10.000000',
      },
    ]);
    const again = await api.post(`${user.id}/penalties`, { ...body, hold_id: holdId }, 'chargeback-7');
    expect(again.json()).toEqual(first.json());
    const other = await api.post(`${user.id}/penalties`, { ...body, amount: '31' }, 'chargeback-7');
    expect([other.statusCode, other.json().code]).toEqual([422, 'idempotency_key_reused']);
    const { journal } = await api.books(user.id);
    expect(journal.at(-1)).toMatchObject({
      kind: 'penalty',
      actor: api.operator.id,
      reason: 'chargeback',
      note: body.note,
      reference: holdId,
    });
  });

  it('stays refused for a hold that was settled, however often it is sent', async () => {
    const user = await api.userWith(20n);
    const holdId = await api.hold(user.id);
    await api.service.settleHold({ accountId: user.id, holdId, amount: 7n, reference: holdId });
    for (let n = 0; n < 2; n++) {
      const answer = await api.post(`${user.id}/penalties`, { ...body, hold_id: holdId }, 'late');
      expect([answer.statusCode, answer.json()]).toMatchObject([
        409,
        { code: 'hold_ended', details: { status: 'settled', settled_amount: '0.000007' } },
      ]);
    }
    const unknown = { ...body, hold_id: newId() };
    const notFound = await api.post(`${user.id}/penalties`, unknown, 'unknown');
    expect([notFound.statusCode, notFound.json().code]).toEqual([404, 'hold_not_found']);
    const without = await api.post(`${user.id}/penalties`, body, 'unknown');
    expect(without.json().code).toBe('idempotency_key_reused');
  });

  it.each([
    [400, 'idempotency_key_missing', body, ''],
    [422, 'amount_zero', { ...body, amount: '0' }, 'key'],
    [422, 'amount_negative', { ...body, amount: '-1' }, 'key'],
    [422, 'invalid_request', { ...body, note: ' ' }, 'key'],
    [422, 'invalid_request', { ...body, reason: 'spite' }, 'key'],
    [422, 'invalid_request', { ...body, hold_id: '1' }, 'key'],
  ])('is answered %i %s if it makes no sense', async (status, code, payload, key) => {
    const user = await api.userWith(1n);
    const answer = await api.post(`${user.id}/penalties`, payload, key);
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    expect((await api.books(user.id)).account.balance).toBe(COIN);
  });
});

describe('the release of a stuck hold', () => {
  const body = { note: 'Its turn was lost in the outage' };

  it('gives the coins back and says why and by whom, once for its key', async () => {
    const user = await api.userWith(20n);
    const holdId = await api.hold(user.id);
    const first = await api.post(`${user.id}/holds/${holdId}/release`, body, 'release-1');
    expect([first.statusCode, first.json()]).toMatchObject([200, { id: holdId, status: 'released' }]);
    const again = await api.post(`${user.id}/holds/${holdId}/release`, body, 'release-1');
    expect([again.statusCode, again.json()]).toEqual([200, first.json()]);
    const { account, journal } = await api.books(user.id);
    expect(account.frozen).toBe(0n);
    expect(journal.at(-1)).toMatchObject({
      kind: 'release',
      actor: api.operator.id,
      reason: 'operator',
      note: body.note,
      idempotencyKey: 'release-1',
    });
    const otherHold = await api.hold(user.id);
    const reused = await api.post(`${user.id}/holds/${otherHold}/release`, body, 'release-1');
    expect([reused.statusCode, reused.json().code]).toEqual([422, 'idempotency_key_reused']);
    const late = await api.post(`${user.id}/holds/${holdId}/release`, body, 'release-2');
    expect([late.statusCode, late.json()]).toMatchObject([
      409,
      { code: 'hold_ended', details: { status: 'released' } },
    ]);
    const missing = await api.post(`${user.id}/holds/${otherHold}/release`, body, '');
    expect([missing.statusCode, missing.json().code]).toEqual([400, 'idempotency_key_missing']);
    expect((await api.books(user.id)).account.frozen).toBe(COIN);
  });

  it("does not find another account's hold", async () => {
    const [user, other] = [await api.userWith(5n), await api.userWith(5n)];
    const holdId = await api.hold(other.id);
    const answer = await api.post(`${user.id}/holds/${holdId}/release`, body);
    expect([answer.statusCode, answer.json().code]).toEqual([404, 'hold_not_found']);
    expect((await api.books(other.id)).account.frozen).toBe(COIN);
  });
});

describe('a blocked account', () => {
  it('is refused new holds, ends the ones it has, and is in the journal with the reason', async () => {
    const user = await api.userWith(20n);
    const holdId = await api.hold(user.id);
    for (let n = 0; n < 2; n++) {
      const blocked = await api.post(`${user.id}/block`, { note: 'Stolen key' }, '');
      expect([blocked.statusCode, blocked.json().is_blocked]).toEqual([200, true]);
    }
    const chat = await api.test.app.inject({
      method: 'POST',
      url: '/v1/chat/completions',
      headers: bearer(user.apiKey),
      payload: { model: 'local', messages: [{ role: 'user', content: 'Hello' }] },
    });
    expect([chat.statusCode, chat.json().error.code]).toEqual([403, 'account_blocked']);
    await api.service.settleHold({ accountId: user.id, holdId, amount: 5n, reference: holdId });
    await api.grant(user.id, COIN);
    expect((await api.get('/api/coins/account', user)).json().is_blocked).toBe(true);
    const unblocked = await api.post(`${user.id}/unblock`, { note: 'New key' }, '');
    expect(unblocked.json().is_blocked).toBe(false);
    await api.hold(user.id);
    const { journal } = await api.books(user.id);
    expect(journal.filter(({ reason }) => reason === 'operator')).toMatchObject([
      { kind: 'block', note: 'Stolen key', actor: api.operator.id, balanceDelta: 0n },
      { kind: 'unblock', note: 'New key', actor: api.operator.id },
    ]);
  });

  it('may have nothing yet', async () => {
    const user = await api.userWith(0n);
    await api.post(`${user.id}/block`, { note: 'Spam' }, '');
    await api.post(`${user.id}/grants`, { amount: '5', reason: 'coupon' });
    expect((await api.get('/api/coins/account', user)).json()).toMatchObject({
      is_blocked: true,
      balance: '5.000000',
    });
  });
});

describe('an operation under way', () => {
  it('is not begun a second time by the same key, and its answer can be had afterwards', async () => {
    const user = await api.userWith(0n);
    const send = () => api.post(`${user.id}/grants`, { amount: '1', reason: 'purchase' }, 'order-9');
    const answers = await Promise.all(Array.from({ length: 5 }, send));
    const done = answers.filter(({ statusCode }) => statusCode === 200);
    const refused = answers.filter(({ statusCode }) => statusCode === 409);
    expect(done.length + refused.length).toBe(5);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) {
      expect(answer.json().code).toBe('operation_in_flight');
      expect(answer.headers['retry-after']).toBe('1');
    }
    expect((await send()).json()).toEqual(done[0]?.json());
    expect((await api.books(user.id)).account.balance).toBe(COIN);
  });

  it('in another process is waited for', async () => {
    const user = await api.userWith(0n);
    const other = await createTestApp({ ...api.test.environment });
    try {
      const send = (at: TestApp) =>
        at.app.inject({
          method: 'POST',
          url: `/api/coins/accounts/${user.id}/grants`,
          headers: { ...bearer(api.operator.apiKey), 'idempotency-key': 'order-10' },
          payload: { amount: '1', reason: 'purchase' },
        });
      const [first, second] = await Promise.all([send(api.test), send(other)]);
      expect([first.statusCode, second.statusCode]).toEqual([200, 200]);
      expect(second.json()).toEqual(first.json());
      expect((await api.books(user.id)).account.balance).toBe(COIN);
    } finally {
      await other.close();
    }
  });
});

describe('prices', () => {
  it('are listed for each model', async () => {
    const answer = await api.get('/api/coins/prices', await api.userWith(0n));
    expect(answer.json()).toEqual({
      items: [
        {
          model: 'local',
          input_per_million_tokens: '1.000000',
          output_per_million_tokens: '2.000000',
          max_output_tokens: 4096,
          context_tokens: 128_000,
        },
      ],
    });
  });
});

describe('routes for operators', () => {
  it.each([
    ['GET', 'journal', undefined],
    ['GET', 'holds', undefined],
    ['POST', 'penalties', { amount: '1', reason: 'violation', note: 'n' }],
    ['POST', `holds/${newId()}/release`, { note: 'n' }],
    ['POST', 'block', { note: 'n' }],
    ['POST', 'unblock', { note: 'n' }],
  ] as const)('%s %s is for them alone, and for accounts of users', async (method, path, payload) => {
    const [user, victim] = [await api.userWith(1n), await api.userWith(1n)];
    const send = (userId: string, as: TestUser) =>
      api.test.app.inject({
        method,
        url: `/api/coins/accounts/${userId}/${path}`,
        headers: { ...bearer(as.apiKey), 'idempotency-key': randomUUID() },
        ...(payload && { payload }),
      });
    const refused = await send(victim.id, user);
    expect([refused.statusCode, refused.json().code]).toEqual([403, 'scope_missing']);
    const unknown = await send(randomUUID(), api.operator);
    expect([unknown.statusCode, unknown.json().code]).toEqual([404, 'user_not_found']);
    expect((await api.books(victim.id)).journal).toHaveLength(1);
  });
});

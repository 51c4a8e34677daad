import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CoinAccountService } from '../../src/modules/coin-account/index.js';
import { CheckExpiredCouponsHandler } from '../../src/modules/engagement/tasks/check-expired-coupons.handler.js';
import { COIN } from '../factories/coin-api.js';
import { type Answer, TestEngagement } from '../factories/engagement.js';
import type { TestUser } from '../factories/users.js';

interface Coupon {
  id: string;
  code: string;
  redemptions: number;
  state: string;
}

interface Redemption {
  id: string;
  number: number;
  state: string;
  code?: string;
}

const YEAR_MS = 365 * 86_400_000;

describe('coupons', () => {
  let engagement: TestEngagement;
  beforeAll(async () => {
    engagement = await TestEngagement.create();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(async () => {
    await engagement.expectCleanBooks();
    await engagement.close();
  });

  const create = (change: object = {}) =>
    engagement.call<Coupon>('POST', '/api/admin/coupons', engagement.operator, {
      amount: '5',
      max_redemptions: 100,
      valid_from: new Date(Date.now() - YEAR_MS).toISOString(),
      valid_until: new Date(Date.now() + YEAR_MS).toISOString(),
      ...change,
    });
  const coupon = async (change: object = {}) => (await create(change)).body;
  const redeem = (user: TestUser, code: string, key?: string): Promise<Answer<Redemption>> =>
    engagement.call(
      'POST',
      '/api/coupons/redemptions',
      user,
      { code },
      key ? { 'idempotency-key': key } : {},
    );
  const read = async (id: string) => (await engagement.call<Coupon>('GET', `/api/admin/coupons/${id}`)).body;
  const failOnce = () =>
    vi
      .spyOn(engagement.test.app.get(CoinAccountService), 'grantCoins')
      .mockRejectedValueOnce(new Error('the process died'));
  const leaveBehind = () =>
    engagement.sql('UPDATE coupon_redemptions SET created_at = UTC_TIMESTAMP(3) - INTERVAL 1 HOUR');

  it('gives the coins of a code, however it is written, and notes who made it', async () => {
    const user = await engagement.user();
    const made = await create({ code: 'Welcome-2027-x' + randomUUID().slice(0, 8) });
    expect(made.status).toBe(201);
    const answer = await redeem(user, ` ${made.body.code.toLowerCase().replace('2027', '20-27')} `);
    expect(answer).toMatchObject({ status: 200, body: { amount: '5.000000', state: 'granted', number: 1 } });
    expect(await engagement.balanceOf(user)).toBe(5n * COIN);
    expect(await read(made.body.id)).toMatchObject({ redemptions: 1, state: 'active' });
    expect(await engagement.auditOf(made.body.id)).toEqual(['coupon.created']);
    const [entry] = await engagement.sql(
      'SELECT reason, idempotency_key FROM coin_journal WHERE account_id = ?',
      user.id,
    );
    expect(entry).toEqual({ reason: 'coupon', idempotency_key: answer.body.id });
  });

  it('makes codes of 80 bits, and refuses one that there is', async () => {
    const [first, second] = await Promise.all([coupon(), coupon()]);
    expect(first.code).toMatch(/^[0-9A-HJKMNP-TV-Z]{16}$/);
    expect(second.code).not.toBe(first.code);
    expect(await create({ code: first.code })).toMatchObject({
      status: 409,
      body: { code: 'coupon_code_taken' },
    });
  });

  it.each([
    ['a short code', { code: 'ABC-123' }],
    ['no coins', { amount: '0' }],
    ['too many decimals', { amount: '0.0000001' }],
    ['an end before the start', { valid_until: '2001-01-01T00:00:00Z' }],
    ['an unknown field', { is_free: true }],
  ])('refuses %s', async (_, change) => {
    expect(await create(change)).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
  });

  it('is made by operators alone', async () => {
    const user = await engagement.user();
    expect((await engagement.call('GET', '/api/admin/coupons', user)).status).toBe(403);
  });

  it('answers unknown, disabled, future and past codes alike', async () => {
    const user = await engagement.user();
    const disabled = await coupon();
    await engagement.call('POST', `/api/admin/coupons/${disabled.id}/disable`);
    await engagement.call('POST', `/api/admin/coupons/${disabled.id}/disable`);
    expect(await engagement.auditOf(disabled.id)).toEqual(['coupon.created', 'coupon.disabled']);
    const future = await coupon({ valid_from: new Date(Date.now() + YEAR_MS / 2).toISOString() });
    const past = await coupon();
    await engagement.sql('UPDATE coupons SET valid_until = UTC_TIMESTAMP(3) WHERE id = ?', past.id);
    const answers = await Promise.all(
      ['NO-SUCH-CODE', 'ÄÖÜ🎉', '\ud83d', "' OR 1=1", disabled.code, future.code, past.code].map((code) =>
        redeem(user, code),
      ),
    );
    const facts = answers.map(({ status, body }) => ({ status, ...body, error_id: undefined }));
    expect(facts[0]).toMatchObject({ status: 404, code: 'coupon_not_redeemable' });
    expect(new Set(facts.map((fact) => JSON.stringify(fact))).size).toBe(1);
    expect(await engagement.balanceOf(user)).toBe(0n);
  });

  it('keeps the limit in all under 100 redemptions at once', async () => {
    const { id, code } = await coupon({ max_redemptions: 30 });
    const users = await engagement.users(20);
    const manyUsers = [...users, ...users, ...users, ...users, ...users];
    const { code: loose, id: looseId } = await coupon({ max_redemptions: 30, max_per_user: 5 });
    const answers = await Promise.all(manyUsers.map((user) => redeem(user, loose)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(30);
    expect(new Set(answers.filter(({ status }) => status !== 200).map(({ body }) => body.code))).toEqual(
      new Set(['coupon_exhausted']),
    );
    expect(await read(looseId)).toMatchObject({ redemptions: 30 });
    const once = await Promise.all(manyUsers.map((user) => redeem(user, code)));
    expect(once.every(({ status }) => [200, 409].includes(status))).toBe(true);
    expect(await read(id)).toMatchObject({ redemptions: 20 });
    const balances = await Promise.all(users.map((user) => engagement.balanceOf(user)));
    expect(balances.reduce((sum, balance) => sum + balance, 0n)).toBe(50n * 5n * COIN);
  });

  it('keeps the limit of a user under 100 redemptions at once', async () => {
    const user = await engagement.user();
    const { id, code } = await coupon({ max_redemptions: 1_000, max_per_user: 3 });
    const answers = await Promise.all(Array.from({ length: 100 }, () => redeem(user, code)));
    const ids = answers.filter(({ status }) => status === 200).map(({ body }) => body.id);
    expect(new Set(ids).size).toBe(3);
    expect(await engagement.balanceOf(user)).toBe(15n * COIN);
    expect(await read(id)).toMatchObject({ redemptions: 3 });
    expect(await redeem(user, code)).toMatchObject({
      status: 409,
      body: { code: 'coupon_already_redeemed' },
    });
  });

  it('redeems once for a key, however often it is sent', async () => {
    const user = await engagement.user();
    const { code } = await coupon({ max_per_user: 5 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => redeem(user, code, 'my-key')));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(await engagement.balanceOf(user)).toBe(5n * COIN);
    expect((await redeem(user, code, 'another')).body.number).toBe(2);
  });

  it('gives the coins with the next call if it broke off before', async () => {
    const user = await engagement.user();
    const { code } = await coupon();
    failOnce();
    expect((await redeem(user, code)).status).toBe(500);
    expect(await engagement.balanceOf(user)).toBe(0n);
    expect(await redeem(user, code)).toMatchObject({ status: 200, body: { number: 1, state: 'granted' } });
    expect(await engagement.balanceOf(user)).toBe(5n * COIN);
    expect((await redeem(user, code)).status).toBe(409);
  });

  it('gives the coins by the task if nobody calls again, once, also by two runs at once', async () => {
    const user = await engagement.user();
    const { code } = await coupon();
    failOnce();
    await redeem(user, code);
    expect(await engagement.run(CheckExpiredCouponsHandler)).toMatchObject({ completed: 0 });
    await leaveBehind();
    await Promise.all([
      engagement.run(CheckExpiredCouponsHandler),
      engagement.run(CheckExpiredCouponsHandler),
    ]);
    expect(await engagement.balanceOf(user)).toBe(5n * COIN);
    expect(await engagement.run(CheckExpiredCouponsHandler)).toEqual({ expired: 0, completed: 0 });
    const [own] = await engagement.readAll<Redemption>('/api/coupons/redemptions', user, 10);
    expect(own).toMatchObject({ state: 'granted' });
  });

  it('counts coins once that were given right before it broke off', async () => {
    const user = await engagement.user();
    const { code } = await coupon();
    const service = engagement.test.app.get(CoinAccountService);
    const grant = service.grantCoins.bind(service);
    vi.spyOn(service, 'grantCoins').mockImplementationOnce(async (request) => {
      await grant(request);
      throw new Error('the process died');
    });
    expect((await redeem(user, code)).status).toBe(500);
    await leaveBehind();
    expect(await engagement.run(CheckExpiredCouponsHandler)).toMatchObject({ completed: 1 });
    expect(await engagement.balanceOf(user)).toBe(5n * COIN);
  });

  it('marks coupons whose time is up, each once, and stops when told to', async () => {
    const coupons = await Promise.all(Array.from({ length: 5 }, () => coupon()));
    const running = await coupon();
    await engagement.sql(
      'UPDATE coupons SET valid_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE id IN (?)',
      coupons.map(({ id }) => id),
    );
    expect(await engagement.run(CheckExpiredCouponsHandler, AbortSignal.abort())).toEqual({
      expired: 0,
      completed: 0,
    });
    const runs = await Promise.all([
      engagement.run(CheckExpiredCouponsHandler),
      engagement.run(CheckExpiredCouponsHandler),
    ]);
    expect(runs.reduce((sum, run) => sum + (run['expired'] ?? 0), 0)).toBe(5);
    for (const { id } of coupons) expect(await read(id)).toMatchObject({ state: 'expired' });
    expect(await read(running.id)).toMatchObject({ state: 'active' });
    expect(await engagement.run(CheckExpiredCouponsHandler)).toEqual({ expired: 0, completed: 0 });
  });

  it('marks more than a batch has, all of which end at the same moment', async () => {
    const { id } = await coupon();
    const columns = 'amount, max_redemptions, max_per_user, valid_from, state, created_by, created_at';
    await engagement.sql(
      `INSERT INTO coupons (id, code, valid_until, ${columns})
       WITH RECURSIVE copies AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM copies WHERE n < 260)
       SELECT UUID(), CONCAT('COPY', n), '2026-01-01', ${columns} FROM copies JOIN coupons ON id = ?`,
      id,
    );
    expect(await engagement.run(CheckExpiredCouponsHandler)).toMatchObject({ expired: 260 });
    await engagement.sql(`DELETE FROM coupons WHERE code LIKE 'COPY%'`);
  });

  it('lists coupons and redemptions page by page', async () => {
    const made = [await coupon(), await coupon({ max_per_user: 5 })];
    const [user, other] = await engagement.users(2);
    for (let n = 0; n < 4; n++) await redeem(user!, made[1]!.code);
    await redeem(other!, made[1]!.code);
    const all = await engagement.readAll<Coupon>('/api/admin/coupons', engagement.operator, 2);
    expect(all.slice(0, 2).map(({ id }) => id)).toEqual([made[1]!.id, made[0]!.id]);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    const url = `/api/admin/coupons/${made[1]!.id}/redemptions`;
    const of = await engagement.readAll<{ user_id: string }>(url, engagement.operator, 2);
    expect(of.map(({ user_id }) => user_id)).toEqual([other!.id, user!.id, user!.id, user!.id, user!.id]);
    const own = await engagement.readAll<Redemption>('/api/coupons/redemptions', user!, 3);
    expect(own.map(({ number }) => number)).toEqual([4, 3, 2, 1]);
    expect((await engagement.call('GET', '/api/admin/coupons?cursor=abc')).status).toBe(422);
  });
});

describe('attempts to guess a code', () => {
  let engagement: TestEngagement;
  beforeAll(async () => {
    engagement = await TestEngagement.create({ LOCKKEEPER_CODE_ATTEMPTS_PER_HOUR: '3' });
  });
  afterAll(() => engagement.close());

  it('are counted, those at once too, and refused after so many', async () => {
    const [user, other] = await engagement.users(2);
    const attempt = (of: TestUser) =>
      engagement.call('POST', '/api/coupons/redemptions', of, { code: randomUUID().slice(0, 12) });
    const answers = await Promise.all(Array.from({ length: 10 }, () => attempt(user!)));
    const codes = answers.map(({ body }) => body['code']);
    expect(codes.filter((code) => code === 'coupon_not_redeemable')).toHaveLength(3);
    expect(codes.filter((code) => code === 'too_many_code_attempts')).toHaveLength(7);
    expect((await attempt(other!)).status).toBe(404);
    const use = await engagement.call('POST', '/api/invitations/uses', user, { code: 'ABCD' });
    expect(use.status).toBe(429);
  });
});

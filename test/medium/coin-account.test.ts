import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_MICRO_COINS } from '../../src/shared/money.js';
import { expectBooksToBalance } from '../factories/coin-books.js';
import { TestCoins } from '../factories/coins.js';

describe('coin account', () => {
  let coins: TestCoins;
  beforeAll(async () => {
    coins = await TestCoins.create();
  });
  afterAll(() => coins.close());

  it('shows zeros for an account that nothing happened to', async () => {
    const accountId = randomUUID();
    expect(await coins.service.accountOf(accountId)).toEqual({
      accountId,
      balance: 0n,
      available: 0n,
      frozen: 0n,
      debt: 0n,
      isBlocked: false,
    });
    expect(await coins.history.journalOf({ accountId, limit: 10 })).toEqual({ entries: [] });
  });

  it('grants, holds and settles the actual cost', async () => {
    const accountId = await coins.accountWith(100n);
    const { id } = await coins.hold(accountId, 60n);
    expect(await coins.service.accountOf(accountId)).toMatchObject({ available: 40n, frozen: 60n });
    expect(await coins.settle(accountId, id, 25n)).toMatchObject({ status: 'settled', settledAmount: 25n });
    const { account, journal } = await expectBooksToBalance(coins.transactions, accountId);
    expect(account).toMatchObject({ balance: 75n, frozen: 0n });
    expect(journal.map((entry) => entry.kind)).toEqual(['grant', 'hold', 'settle']);
  });

  it('keeps amounts exact that a double cannot hold', async () => {
    const accountId = await coins.accountWith(MAX_MICRO_COINS);
    const { id } = await coins.hold(accountId, 9_007_199_254_740_993n);
    await coins.settle(accountId, id, 9_007_199_254_740_993n);
    const { balance } = await coins.service.accountOf(accountId);
    expect(balance).toBe(MAX_MICRO_COINS - 9_007_199_254_740_993n);
    await expect(coins.grant(accountId, 9_007_199_254_740_994n)).rejects.toMatchObject({
      code: 'balance_overflow',
    });
    await expectBooksToBalance(coins.transactions, accountId);
  });

  it('settles more than was held from what is available, and the rest as a debt that a grant pays', async () => {
    const accountId = await coins.accountWith(100n);
    const { id } = await coins.hold(accountId, 60n);
    expect(await coins.settle(accountId, id, 150n)).toMatchObject({ settledAmount: 150n, debtAmount: 50n });
    await expect(coins.hold(accountId, 0n)).rejects.toMatchObject({
      code: 'account_in_debt',
      kind: 'payment_required',
      details: { debt: '0.000050' },
    });
    expect(await coins.grant(accountId, 70n)).toMatchObject({ debtPaid: 50n, balance: 20n, debt: 0n });
    const { journal } = await expectBooksToBalance(coins.transactions, accountId);
    expect(journal.at(-1)).toMatchObject({ kind: 'debt_payment', balanceDelta: -50n, debtDelta: -50n });
    await expect(coins.hold(accountId, 20n)).resolves.toMatchObject({ status: 'open' });
  });

  it('refuses a hold above what is available, also when it is tried again with more coins there', async () => {
    const accountId = await coins.accountWith(10n);
    const holdId = randomUUID();
    const refusal = {
      code: 'insufficient_coins',
      kind: 'payment_required',
      details: { required: '0.000011', available: '0.000010' },
    };
    await expect(coins.hold(accountId, 11n, holdId)).rejects.toMatchObject(refusal);
    await coins.grant(accountId, 100n);
    await expect(coins.hold(accountId, 11n, holdId)).rejects.toMatchObject(refusal);
    await expectBooksToBalance(coins.transactions, accountId);
  });

  it('writes nothing for a hold on an account that does not exist', async () => {
    const accountId = randomUUID();
    await expect(coins.hold(accountId, 1n)).rejects.toMatchObject({ code: 'insufficient_coins' });
    const [{ count }] = await coins.transactions.single.query<[{ count: string }]>(
      `SELECT (SELECT COUNT(*) FROM coin_accounts WHERE id = ?) +
              (SELECT COUNT(*) FROM coin_operations WHERE account_id = ?) AS count`,
      [accountId, accountId],
    );
    expect(Number(count)).toBe(0);
  });

  it('holds and settles nothing for an account without coins when the price is zero', async () => {
    const accountId = randomUUID();
    const { id } = await coins.hold(accountId, 0n);
    await coins.settle(accountId, id, 0n);
    await expectBooksToBalance(coins.transactions, accountId);
  });

  it('refuses holds of a blocked account', async () => {
    const accountId = await coins.accountWith(10n);
    await coins.service.setBlocked({ accountId, isBlocked: true, actor: 'operator', note: 'stolen key' });
    await expect(coins.hold(accountId, 1n)).rejects.toMatchObject({ code: 'account_blocked' });
    await coins.grant(accountId, 1n);
    expect(await coins.service.accountOf(accountId)).toMatchObject({ isBlocked: true, balance: 11n });
  });

  it('tells a caller how a hold ended before', async () => {
    const accountId = await coins.accountWith(100n);
    const settled = await coins.hold(accountId, 10n);
    await coins.settle(accountId, settled.id, 5n);
    await expect(coins.release(accountId, settled.id)).rejects.toMatchObject({
      code: 'hold_ended',
      kind: 'conflict',
      details: { hold_id: settled.id, status: 'settled', settled_amount: '0.000005' },
    });
    const released = await coins.hold(accountId, 10n);
    await coins.release(accountId, released.id);
    await expect(coins.settle(accountId, released.id, 5n)).rejects.toMatchObject({
      details: { status: 'released' },
    });
  });

  it("does not find another account's hold, nor take its id", async () => {
    const [mine, other] = [await coins.accountWith(10n), await coins.accountWith(10n)];
    const { id } = await coins.hold(mine, 5n);
    await expect(coins.settle(other, id, 5n)).rejects.toMatchObject({ code: 'hold_not_found' });
    await expect(coins.release(other, id)).rejects.toMatchObject({ code: 'hold_not_found' });
    await expect(coins.penalize(other, 5n, id)).rejects.toMatchObject({ code: 'hold_not_found' });
    await expect(coins.hold(other, 5n, id)).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    await expect(coins.hold(randomUUID(), 0n, id)).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    await expectBooksToBalance(coins.transactions, mine);
  });

  it('refunds and penalizes in one operation, with a debt for what cannot be paid', async () => {
    const accountId = await coins.accountWith(100n);
    const { id } = await coins.hold(accountId, 60n);
    const key = randomUUID();
    const first = await coins.penalize(accountId, 130n, id, key);
    expect(first).toMatchObject({ refundedAmount: 60n, debtAmount: 30n, balance: 0n, debt: 30n });
    expect(await coins.penalize(accountId, 130n, id, key)).toEqual(first);
    const { journal } = await expectBooksToBalance(coins.transactions, accountId);
    expect(journal.map((entry) => entry.kind)).toEqual(['grant', 'hold', 'release', 'penalty']);
  });

  it('repeats the first answer for the same key and refuses it for other content', async () => {
    const accountId = randomUUID();
    const key = 'a key with "quotes" and spaces';
    const first = await coins.grant(accountId, 5n, key);
    await coins.hold(accountId, 5n);
    expect(await coins.grant(accountId, 5n, key)).toEqual(first);
    await expect(coins.grant(accountId, 6n, key)).rejects.toMatchObject({
      code: 'idempotency_key_reused',
      kind: 'invalid',
    });
    const other = await coins.accountWith(0n);
    expect(await coins.grant(other, 6n, key)).toMatchObject({ balance: 6n });
    await expectBooksToBalance(coins.transactions, accountId);
  });

  it('keeps the text of a note as it was given', async () => {
    const accountId = randomUUID();
    const note = ' 退款 für Bestellung 7 ☕️ "x"\n ';
    await coins.service.grantCoins({
      accountId,
      amount: 1n,
      reason: 'adjustment',
      actor: 'operator',
      note,
      idempotencyKey: 'k',
    });
    const { journal } = await expectBooksToBalance(coins.transactions, accountId);
    expect(journal[0]).toMatchObject({ note, reason: 'adjustment', actor: 'operator', idempotencyKey: 'k' });
  });

  it('reads the journal page by page, the newest first', async () => {
    const accountId = randomUUID();
    for (let amount = 1n; amount <= 5n; amount++) await coins.grant(accountId, amount);
    const first = await coins.history.journalOf({ accountId, limit: 2 });
    expect(first.entries.map((entry) => entry.sequence)).toEqual([5, 4]);
    const second = await coins.history.journalOf({ accountId, limit: 3, beforeSequence: 4 });
    expect(second.entries.map((entry) => entry.sequence)).toEqual([3, 2, 1]);
    expect([first.nextBefore, second.nextBefore]).toEqual([4, undefined]);
  });

  it.each([
    ['amount_negative', (id: string) => coins.grant(id, -1n)],
    ['amount_zero', (id: string) => coins.grant(id, 0n)],
    ['amount_too_large', (id: string) => coins.grant(id, MAX_MICRO_COINS + 1n)],
    ['amount_negative', (id: string) => coins.hold(id, -1n)],
    ['amount_negative', (id: string) => coins.settle(id, id, -1n)],
    ['amount_negative', (id: string) => coins.penalize(id, -1n)],
    ['idempotency_key_invalid', (id: string) => coins.grant(id, 1n, '')],
    ['idempotency_key_invalid', (id: string) => coins.grant(id, 1n, 'k'.repeat(256))],
    ['idempotency_key_invalid', (id: string) => coins.grant(id, 1n, 'trailing ')],
    ['idempotency_key_invalid', (id: string) => coins.grant(id, 1n, `hold:${id}`)],
    ['invalid_request', () => coins.grant('not-an-id', 1n)],
    ['invalid_request', (id: string) => coins.hold(id, 1n, id.toUpperCase())],
    ['invalid_request', (id: string) => coins.hold(id, 1n, randomUUID(), 0)],
  ])('refuses bad input as %s', async (code, act) => {
    const accountId = 'abcdefab-1111-4111-8111-111111111111';
    await expect(act(accountId)).rejects.toMatchObject({ code });
    expect(await coins.service.accountOf(accountId)).toMatchObject({ balance: 0n, debt: 0n });
  });
});

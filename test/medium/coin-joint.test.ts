import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CoinAccountRepository } from '../../src/modules/coin-account/coin-account.repository.js';
import { expectBooksToBalance } from '../factories/coin-books.js';
import { TestCoins } from '../factories/coins.js';

describe('coin operations on many accounts that are committed together', () => {
  let coins: TestCoins;
  let other: TestCoins;
  beforeAll(async () => {
    coins = await TestCoins.create();
    other = await coins.otherProcess();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(async () => {
    await other.close();
    await coins.close();
  });

  const books = (accountId: string) => expectBooksToBalance(coins.transactions, accountId);
  /** As many accounts with a hold of three coins each, of ten. */
  const heldBy = (accounts: number) =>
    Promise.all(
      Array.from({ length: accounts }, async () => {
        const accountId = await coins.accountWith(10n);
        const { id } = await coins.hold(accountId, 3n);
        return { accountId, holdId: id };
      }),
    );
  const release = (hold: { accountId: string; holdId: string }) => ({ ...hold, reason: 'errand_cancelled' });
  const settle = (hold: { accountId: string; holdId: string }, amount = 2n) => ({
    ...hold,
    amount,
    reference: 'ref',
  });
  const grant = (accountId: string, amount: bigint, idempotencyKey: string) => ({
    accountId,
    amount,
    idempotencyKey,
    reason: 'reward' as const,
    actor: 'system',
  });
  const codesOf = (results: readonly PromiseSettledResult<unknown>[]) =>
    results.map((result) => (result.status === 'fulfilled' ? 'ok' : result.reason.code));
  const transactionsOf = () => vi.spyOn(coins.get(CoinAccountRepository), 'executeJointly');

  it('end as each would alone, in one transaction', async () => {
    const [a, b, c] = await heldBy(3);
    const transactions = transactionsOf();
    const released = await coins.service.releaseAll([a!, b!].map(release));
    expect(released).toMatchObject([
      { status: 'fulfilled', value: { id: a!.holdId, status: 'released' } },
      { status: 'fulfilled', value: { id: b!.holdId, status: 'released' } },
    ]);
    const settled = await coins.service.settleAll([settle(c!)]);
    expect(settled).toMatchObject([{ value: { status: 'settled', settledAmount: 2n, debtAmount: 0n } }]);
    expect(transactions).toHaveBeenCalledTimes(2);
    for (const { accountId } of [a!, b!]) {
      expect((await books(accountId)).account).toMatchObject({ balance: 10n, frozen: 0n });
    }
    expect((await books(c!.accountId)).account).toMatchObject({ balance: 8n, frozen: 0n });
  });

  it('see what the ones before them did to the same account', async () => {
    const accountId = await coins.accountWith(10n);
    const holds = await Promise.all([coins.hold(accountId, 4n), coins.hold(accountId, 5n)]);
    const requests = holds.map(({ id }) => settle({ accountId, holdId: id }, 5n));
    expect(codesOf(await coins.service.settleAll(requests))).toEqual(['ok', 'ok']);
    const { account, journal } = await books(accountId);
    expect(account).toMatchObject({ balance: 0n, frozen: 0n, debt: 0n });
    expect(journal).toHaveLength(5);
  });

  it('do nothing twice, and answer as the first time', async () => {
    const [a] = await heldBy(1);
    const fresh = randomUUID();
    const grants = [grant(a!.accountId, 5n, 'reward:1'), grant(fresh, 7n, 'reward:2')];
    const first = [await coins.service.releaseAll([release(a!)]), await coins.service.grantAll(grants)];
    const again = [await coins.service.releaseAll([release(a!)]), await coins.service.grantAll(grants)];
    expect(again).toEqual(first);
    expect((await books(a!.accountId)).account).toMatchObject({ balance: 15n, frozen: 0n });
    expect((await books(fresh)).account).toMatchObject({ balance: 7n });
    expect(codesOf(await coins.service.grantAll([grant(fresh, 8n, 'reward:2')]))).toEqual([
      'idempotency_key_reused',
    ]);
  });

  it('leave the others as they are where one is refused', async () => {
    const [a, b, c] = await heldBy(3);
    await coins.settle(b!.accountId, b!.holdId, 1n);
    const requests = [
      release(a!),
      release(b!),
      release({ accountId: a!.accountId, holdId: c!.holdId }),
      { ...release(c!), reason: 'no\nline' },
      release({ accountId: randomUUID(), holdId: randomUUID() }),
      release(c!),
    ];
    const results = await coins.service.releaseAll(requests);
    expect(codesOf(results)).toEqual([
      'ok',
      'hold_ended',
      'hold_not_found',
      'invalid_request',
      'hold_not_found',
      'ok',
    ]);
    expect((await books(a!.accountId)).account).toMatchObject({ balance: 10n, frozen: 0n });
    expect((await books(b!.accountId)).account).toMatchObject({ balance: 9n, frozen: 0n });
    expect((await books(c!.accountId)).account).toMatchObject({ balance: 10n, frozen: 0n });
  });

  it('of which the database refuses one are done one by one', async () => {
    const [a, b] = await heldBy(2);
    const refusal = Object.assign(new Error('no'), { errno: 3819 });
    transactionsOf().mockRejectedValueOnce(refusal);
    expect(codesOf(await coins.service.releaseAll([release(a!), release(b!)]))).toEqual(['ok', 'ok']);
    for (const { accountId } of [a!, b!]) {
      expect((await books(accountId)).account).toMatchObject({ frozen: 0n });
    }
  });

  it('are not tried one by one while the database is away', async () => {
    const [a] = await heldBy(1);
    transactionsOf().mockRejectedValueOnce(Object.assign(new Error('gone'), { errno: -111 }));
    await expect(coins.service.releaseAll([release(a!)])).rejects.toThrow('gone');
    expect((await books(a!.accountId)).account).toMatchObject({ frozen: 3n });
  });

  it('are at most 200 in one transaction', async () => {
    const accountId = randomUUID();
    const transactions = transactionsOf();
    const grants = Array.from({ length: 450 }, (_, n) => grant(accountId, 1n, `reward:${n}`));
    const results = await coins.service.grantAll(grants);
    expect(codesOf(results).every((code) => code === 'ok')).toBe(true);
    expect(transactions.mock.calls.map(([operations]) => operations.length)).toEqual([200, 200, 50]);
    expect((await books(accountId)).account).toMatchObject({ balance: 450n });
  });

  it('come out exact when two processes do the same, crosswise, while others charge the accounts', async () => {
    const holds = await heldBy(30);
    const keyOf = ({ holdId }: { holdId: string }) => `reward:${holdId}`;
    const work = (by: TestCoins, order: typeof holds) =>
      Promise.all([
        by.service.releaseAll(order.map(release)),
        by.service.grantAll(order.map((hold) => grant(hold.accountId, 1n, keyOf(hold)))),
      ]);
    const charges = holds.map(async ({ accountId }) => {
      const { id } = await other.hold(accountId, 1n);
      await other.settle(accountId, id, 1n);
    });
    const [mine, theirs] = await Promise.all([work(coins, holds), work(other, holds.toReversed())]);
    await Promise.all(charges);
    expect([...mine.flat(), ...theirs.flat()].every(({ status }) => status === 'fulfilled')).toBe(true);
    for (const { accountId } of holds) {
      const { account, journal } = await books(accountId);
      expect(account).toMatchObject({ balance: 10n, frozen: 0n });
      expect(journal).toHaveLength(6);
    }
  });

  it('make an account once when two processes grant it its first coins', async () => {
    const accounts = Array.from({ length: 10 }, () => randomUUID());
    const grants = (key: string) => accounts.map((accountId) => grant(accountId, 2n, key));
    const results = await Promise.all([
      coins.service.grantAll(grants('one')),
      other.service.grantAll(grants('two')),
    ]);
    expect(codesOf(results.flat()).every((code) => code === 'ok')).toBe(true);
    for (const accountId of accounts) {
      expect((await books(accountId)).account).toMatchObject({ balance: 4n });
    }
  });
});

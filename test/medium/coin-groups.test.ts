import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectBooksToBalance } from '../factories/coin-books.js';
import { TestCoins } from '../factories/coins.js';

describe('coin operations that are committed together', () => {
  let coins: TestCoins;
  beforeAll(async () => {
    coins = await TestCoins.create();
  });
  afterAll(() => coins.close());

  it('store each hold as it was answered, whatever its lease and its end', async () => {
    const accountId = await coins.accountWith(1_000n);
    const ids = Array.from({ length: 12 }, () => randomUUID());
    const leases = [60_000, 60_000, 120_000, 60_000];
    // The first is committed alone; meanwhile the others gather.
    const answers = ids.map((id, index) =>
      coins.hold(accountId, BigInt(index), id, leases[index % leases.length]),
    );
    const [settled, released] = await Promise.all([
      coins.settle(accountId, ids[4] ?? '', 2n),
      coins.release(accountId, ids[7] ?? ''),
    ]);
    const answered = new Map((await Promise.all(answers)).map((hold) => [hold.id, hold]));
    for (const ended of [settled, released]) answered.set(ended.id, ended);
    const { holds } = await expectBooksToBalance(coins.transactions, accountId);
    expect(holds).toHaveLength(ids.length);
    for (const hold of holds) expect(hold).toEqual(answered.get(hold.id));
  });

  it('store text as it is, with quotes, backslashes and question marks', async () => {
    const accountId = await coins.accountWith(10n);
    const text = String.raw`a\' ? "b"; DROP TABLE coin_holds; -- \\`;
    const hold = await coins.service.holdCoins({
      accountId,
      holdId: randomUUID(),
      amount: 1n,
      purpose: text,
      reference: text,
      leaseMs: 60_000,
    });
    await coins.service.grantCoins({
      accountId,
      amount: 1n,
      reason: 'adjustment',
      actor: text,
      note: `${text} 算力 🪙`,
      idempotencyKey: text,
    });
    const { holds, journal } = await expectBooksToBalance(coins.transactions, accountId);
    expect(holds).toEqual([hold]);
    expect(journal.at(-1)).toMatchObject({ actor: text, note: `${text} 算力 🪙`, idempotencyKey: text });
  });

  describe('with a repetition among those that are new', () => {
    /** Runs an operation in one group between two new holds. @returns what became of it. */
    async function amongNewHolds(accountId: string, act: () => Promise<unknown>) {
      const isNew = () => coins.hold(accountId, 0n);
      const [before, repeated, after] = await coins.inOneGroup(accountId, [isNew, act, isNew]);
      expect([before, after]).toMatchObject([{ value: { status: 'open' } }, { value: { status: 'open' } }]);
      await expectBooksToBalance(coins.transactions, accountId);
      return repeated;
    }

    it('answer it with the hold that there is', async () => {
      const accountId = await coins.accountWith(100n);
      const value = await coins.hold(accountId, 10n);
      expect(await amongNewHolds(accountId, () => coins.hold(accountId, 10n, value.id))).toMatchObject({
        value,
      });
    });

    it('answer it with the hold that there is when there are no coins for another', async () => {
      const accountId = await coins.accountWith(10n);
      const value = await coins.hold(accountId, 10n);
      expect(await amongNewHolds(accountId, () => coins.hold(accountId, 10n, value.id))).toMatchObject({
        value,
      });
    });

    it('answer it with how the hold has ended', async () => {
      const accountId = await coins.accountWith(100n);
      const { id } = await coins.hold(accountId, 10n);
      const value = await coins.settle(accountId, id, 7n);
      expect(await amongNewHolds(accountId, () => coins.hold(accountId, 10n, id))).toMatchObject({ value });
    });

    it('refuse it for the id of a hold of another account', async () => {
      const { id } = await coins.hold(await coins.accountWith(10n), 10n);
      const accountId = await coins.accountWith(100n);
      const reason = { code: 'idempotency_key_reused' };
      expect(await amongNewHolds(accountId, () => coins.hold(accountId, 10n, id))).toMatchObject({ reason });
    });

    it.each([0, 1, 2])(
      'refuse it as the first time, be its key %i of three in their order',
      async (refused) => {
        const accountId = await coins.accountWith(10n);
        const ids = Array.from({ length: 3 }, () => randomUUID()).toSorted();
        await expect(coins.hold(accountId, 50n, ids[refused])).rejects.toThrow();
        await coins.grant(accountId, 1_000n);
        const order = [1, 2, 0];
        const outcomes = await coins.inOneGroup(
          accountId,
          order.map((index) => () => coins.hold(accountId, 50n, ids[index])),
        );
        expect(outcomes).toMatchObject(
          order.map((index) =>
            index === refused ? { reason: { code: 'insufficient_coins' } } : { value: { status: 'open' } },
          ),
        );
        await expectBooksToBalance(coins.transactions, accountId);
      },
    );

    it('answer a grant as the first time', async () => {
      const accountId = await coins.accountWith(10n);
      const value = await coins.grant(accountId, 5n, 'the same');
      expect(await amongNewHolds(accountId, () => coins.grant(accountId, 5n, 'the same'))).toMatchObject({
        value,
      });
    });
  });
});

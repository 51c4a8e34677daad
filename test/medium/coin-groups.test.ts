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
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../src/platform/errors/index.js';
import { expectBooksToBalance } from '../factories/coin-books.js';
import { TestCoins } from '../factories/coins.js';
import { randomFrom, type Random } from '../factories/random.js';

/** Runs `act` this often at once; what it throws must be a refusal of ours, and is given by its code. */
function atOnce<T>(times: number, act: (index: number) => Promise<T>): Promise<(T | string)[]> {
  return Promise.all(Array.from({ length: times }, (_, index) => act(index).catch(codeOf)));
}

function codeOf(error: unknown): string {
  if (error instanceof AppError) return error.code;
  throw error;
}

describe('coin account under concurrency', () => {
  let coins: TestCoins;
  beforeAll(async () => {
    coins = await TestCoins.create();
  });
  afterAll(() => coins.close());

  it('never holds more than there is, and fails no caller but for lack of coins', async () => {
    const accountId = await coins.accountWith(100n);
    const answers = await atOnce(64, () => coins.hold(accountId, 3n));
    expect(answers.filter((answer) => answer === 'insufficient_coins')).toHaveLength(31);
    const { account, holds } = await expectBooksToBalance(coins.transactions, accountId);
    expect(holds).toHaveLength(33);
    expect(account.frozen).toBe(99n);
  });

  it('makes an account once, whoever is first', async () => {
    const accountId = randomUUID();
    await atOnce(16, () => coins.grant(accountId, 1n));
    const { account } = await expectBooksToBalance(coins.transactions, accountId);
    expect(account.balance).toBe(16n);
  });

  it('grants once for the same key', async () => {
    const accountId = randomUUID();
    const answers = await atOnce(16, () => coins.grant(accountId, 5n, 'same-key'));
    expect(new Set(answers.map((answer) => (answer as { balance: bigint }).balance))).toEqual(new Set([5n]));
    await expectBooksToBalance(coins.transactions, accountId);
  });

  it('answers the same hold, asked for many times, the same way', async () => {
    const accountId = await coins.accountWith(10n);
    const [granted, refused] = [randomUUID(), randomUUID()];
    const [answers, refusals] = await Promise.all([
      atOnce(16, () => coins.hold(accountId, 4n, granted)),
      atOnce<unknown>(16, (index) =>
        index === 8 ? coins.grant(accountId, 1_000n) : coins.hold(accountId, 500n, refused),
      ),
    ]);
    expect(answers).toMatchObject(Array.from({ length: 16 }, () => ({ id: granted, status: 'open' })));
    const kinds = new Set(refusals.filter((_, index) => index !== 8).map((answer) => typeof answer));
    expect(kinds.size).toBe(1);
    await expectBooksToBalance(coins.transactions, accountId);
  });

  it('charges once when the same settlement comes twice', async () => {
    const accountId = await coins.accountWith(100n);
    const { id } = await coins.hold(accountId, 10n);
    const answers = await atOnce(8, () => coins.settle(accountId, id, 7n));
    expect(answers).toMatchObject(
      Array.from({ length: 8 }, () => ({ status: 'settled', settledAmount: 7n })),
    );
    const { account } = await expectBooksToBalance(coins.transactions, accountId);
    expect(account.balance).toBe(93n);
  });

  it('ends a hold one way when it is settled, released and expired at once', async () => {
    const accountId = await coins.accountWith(1_000n);
    for (let round = 0; round < 10; round++) {
      const { id } = await coins.hold(accountId, 10n);
      await coins.makeOverdue(id);
      const ends = [
        () => coins.settle(accountId, id, 7n),
        () => coins.release(accountId, id),
        () => coins.penalize(accountId, 0n, id),
        () => coins.service.expireHolds(10),
        () => coins.settle(accountId, id, 8n),
      ];
      await atOnce<unknown>(ends.length, (index) => (ends[(index + round) % ends.length] ?? ends[0]!)());
    }
    const { account, holds } = await expectBooksToBalance(coins.transactions, accountId);
    const charged = holds.reduce((sum, hold) => sum + (hold.settledAmount ?? 0n), 0n);
    expect(account).toMatchObject({ balance: 1_000n - charged, frozen: 0n });
  });

  it('keeps the books through a storm of every operation', async () => {
    const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 100_000);
    console.info(`TEST_SEED=${seed}`);
    const random = randomFrom(seed);
    const accounts = [await coins.accountWith(500n), await coins.accountWith(0n)];
    const holdIds = Array.from({ length: 60 }, () => randomUUID());
    const plan = Array.from({ length: 600 }, () => stormStep(coins, random, accounts, holdIds));
    await atOnce<unknown>(12, async (worker) => {
      for (let index = worker; index < plan.length; index += 12) await plan[index]?.().catch(codeOf);
    });
    for (const accountId of accounts) await expectBooksToBalance(coins.transactions, accountId);
  });
});

/** One operation by chance, to be run later. Ids and keys come again, with the same and with other content. */
function stormStep(
  coins: TestCoins,
  random: Random,
  accounts: readonly string[],
  holdIds: readonly string[],
): () => Promise<unknown> {
  const accountId = accounts[random(accounts.length)] ?? '';
  const holdId = holdIds[random(holdIds.length)] ?? '';
  const amount = BigInt(random(40));
  const key = `key-${random(80)}`;
  const acts = [
    () => coins.grant(accountId, amount + 1n, key),
    () => coins.hold(accountId, amount, holdId),
    () => coins.hold(accountId, amount, holdId),
    () => coins.settle(accountId, holdId, amount),
    () => coins.release(accountId, holdId),
    () => coins.penalize(accountId, amount, holdId, key),
    () => coins.penalize(accountId, amount / 4n, undefined, key),
    () => coins.makeOverdue(holdId).then(() => coins.service.expireHolds(10)),
    () => coins.service.renewHolds(holdIds.slice(0, 20), 1_000),
  ];
  return acts[random(acts.length)] ?? acts[0]!;
}

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ExpireHoldsHandler } from '../../src/modules/coin-account/tasks/expire-holds.handler.js';
import { expectBooksToBalance, readBooks } from '../factories/coin-books.js';
import { TestCoins } from '../factories/coins.js';

describe('expiry of holds', () => {
  let coins: TestCoins;
  beforeAll(async () => {
    coins = await TestCoins.create();
  });
  afterAll(() => coins.close());

  /** Holds of one coin each, all of them overdue. */
  async function overdueHolds(accountId: string, count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, () => randomUUID());
    for (const id of ids) await coins.hold(accountId, 1n, id);
    await coins.makeOverdue(...ids);
    return ids;
  }

  it('gives back what is held past its time, by the clock of the database', async () => {
    const accountId = await coins.accountWith(10n);
    const kept = await coins.hold(accountId, 3n);
    const [overdue = ''] = await overdueHolds(accountId, 1);
    await coins.service.expireHolds(100);
    const { account, holds } = await expectBooksToBalance(coins.transactions, accountId);
    expect(account).toMatchObject({ balance: 10n, frozen: 3n });
    const statuses = Object.fromEntries(holds.map((hold) => [hold.id, hold.status]));
    expect(statuses).toEqual({ [kept.id]: 'open', [overdue]: 'expired' });
    await expect(coins.settle(accountId, overdue, 1n)).rejects.toMatchObject({
      code: 'hold_ended',
      details: { status: 'expired' },
    });
    await expect(coins.release(accountId, overdue)).rejects.toMatchObject({ details: { status: 'expired' } });
  });

  it('goes by the clock of the database when the one of the process is wrong', async () => {
    const accountId = await coins.accountWith(10n);
    const start = Date.now();
    for (const hours of [-10, 10]) {
      vi.useFakeTimers({ toFake: ['Date'], now: start + hours * 3_600_000 });
      try {
        const hold = await coins.hold(accountId, 1n);
        expect(Math.abs(hold.expiresAt.getTime() - start)).toBeLessThan(3_600_000);
        expect(await coins.service.renewHolds([hold.id], 60_000)).toBe(1);
        expect(await coins.service.expireHolds(100)).toBe(0);
      } finally {
        vi.useRealTimers();
      }
    }
    expect(await coins.service.accountOf(accountId)).toMatchObject({ frozen: 2n });
  });

  it('leaves a hold that was settled or renewed', async () => {
    const accountId = await coins.accountWith(10n);
    const [settled = '', renewed = ''] = await overdueHolds(accountId, 2);
    await coins.settle(accountId, settled, 1n);
    expect(await coins.service.renewHolds([settled, renewed, randomUUID()], 60_000)).toBe(1);
    expect(await coins.service.expireHolds(100)).toBe(0);
    const { holds } = await expectBooksToBalance(coins.transactions, accountId);
    expect(holds.map((hold) => hold.status).sort()).toEqual(['open', 'settled']);
  });

  it('never shortens a lease by renewing it', async () => {
    const accountId = await coins.accountWith(10n);
    const hold = await coins.hold(accountId, 1n, randomUUID(), 3_600_000);
    await coins.service.renewHolds([hold.id], 1_000);
    const { holds } = await readBooks(coins.transactions, accountId);
    expect(holds[0]?.expiresAt).toEqual(hold.expiresAt);
    expect(await coins.service.renewHolds([], 1_000)).toBe(0);
  });

  it('shares the work between several sweeps, each hold expired once', async () => {
    const accountId = await coins.accountWith(40n);
    await overdueHolds(accountId, 40);
    const counts = await Promise.all(Array.from({ length: 4 }, () => coins.service.expireHolds(10)));
    expect(counts.reduce((sum, count) => sum + count)).toBe(40);
    const { account, journal } = await expectBooksToBalance(coins.transactions, accountId);
    expect(account.frozen).toBe(0n);
    expect(journal.filter((entry) => entry.kind === 'expire')).toHaveLength(40);
  });

  it('does not wait for a hold that another transaction has in hand', async () => {
    const accountId = await coins.accountWith(10n);
    const [locked = ''] = await overdueHolds(accountId, 2);
    await coins.transactions.run(async (transaction) => {
      await transaction.query('SELECT id FROM coin_holds WHERE id = ? FOR UPDATE', [locked]);
      expect(await coins.service.expireHolds(100)).toBe(1);
    });
    expect(await coins.service.expireHolds(100)).toBe(1);
  });

  it('takes over holds that another worker claimed and never ended', async () => {
    const accountId = await coins.accountWith(10n);
    const [claimed = ''] = await overdueHolds(accountId, 1);
    const claimUntil = (sql: string) =>
      coins.transactions.single.query(`UPDATE coin_holds SET expiry_claimed_until = ${sql} WHERE id = ?`, [
        claimed,
      ]);
    await claimUntil('UTC_TIMESTAMP(3) + INTERVAL 10 SECOND');
    expect(await coins.service.expireHolds(100)).toBe(0);
    await claimUntil('UTC_TIMESTAMP(3)');
    expect(await coins.service.expireHolds(100)).toBe(1);
  });

  it('works in batches until nothing is left, and begins none when its time is up', async () => {
    const accountId = await coins.accountWith(120n);
    await overdueHolds(accountId, 120);
    const handler = new ExpireHoldsHandler(coins.service);
    const expireHolds = vi.spyOn(coins.service, 'expireHolds');
    expect(await handler.run({ signal: AbortSignal.abort() })).toEqual({ holds: 0 });
    expect(await handler.run({ signal: new AbortController().signal })).toEqual({ holds: 120 });
    // Two full batches, the rest, and one that finds nothing.
    expect(expireHolds).toHaveBeenCalledTimes(4);
    const { account, journal } = await expectBooksToBalance(coins.transactions, accountId);
    expect(account.frozen).toBe(0n);
    expect(journal.filter((entry) => entry.kind === 'expire')).toHaveLength(120);
  });
});

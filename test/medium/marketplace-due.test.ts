import { randomUUID } from 'node:crypto';
import type { Type } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DueErrandRepository } from '../../src/modules/marketplace/due-errand.repository.js';
import { ErrandTransitionRepository } from '../../src/modules/marketplace/errand-transition.repository.js';
import { CancelExpiredTasksHandler } from '../../src/modules/marketplace/tasks/cancel-expired-tasks.handler.js';
import { UpdateFeaturedTaskExpertsResponseTimeHandler } from '../../src/modules/marketplace/tasks/update-featured-task-experts-response-time.handler.js';
import { UpdateAllUsersStatisticsHandler } from '../../src/modules/statistics/tasks/update-all-users-statistics.handler.js';
import { COIN, TestMarketplace } from '../factories/marketplace.js';
import { pauseSchedules } from '../factories/paused-schedules.js';
import { createTestWorker } from '../factories/test-worker.js';
import type { TestUser } from '../factories/users.js';

const DAY_MS = 24 * 3_600_000;

describe('what is due for errands', () => {
  let market: TestMarketplace;
  let poster: TestUser;
  let expert: TestUser;
  beforeEach(async () => {
    market = await TestMarketplace.create({ LOCKKEEPER_MARKETPLACE_MAX_POSTED: '1000' });
    poster = await market.userWith(1_000n);
    expert = await market.expert();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await market.close();
  });

  const stateOf = async (id: string) => {
    const { state, outcome } = (await market.errand(id)) ?? {};
    return [state, outcome];
  };
  const expectClean = async () => expect(await market.reconcile()).toMatchObject({ isClean: true });
  const releases = async () =>
    (await market.books(poster)).journal.filter((entry) => entry.kind === 'release').length;

  it('cancels what nobody accepted until its deadline, and nothing before', async () => {
    const early = await market.postedBy(poster);
    const late = await market.postedBy(poster);
    await market.makeDue(late);
    expect(await market.cancelExpired()).toMatchObject({ expired: 1, settled: 1, failed: 0 });
    expect(await stateOf(late)).toEqual(['cancelled', 'expired']);
    expect(await stateOf(early)).toEqual(['open', null]);
    expect(await market.balance(poster)).toEqual([1_000n * COIN, 10n * COIN]);
    expect(await market.cancelExpired()).toMatchObject({ expired: 0, settled: 0 });
    await expectClean();
  });

  it('leaves what was accepted until the grace after the deadline is over, and then cancels it', async () => {
    const id = await market.acceptedBy(poster, expert);
    await market.transactions.single.query(
      `UPDATE errands SET deadline_at = UTC_TIMESTAMP(3) - INTERVAL 1 HOUR,
         due_at = UTC_TIMESTAMP(3) + INTERVAL 23 HOUR WHERE id = ?`,
      [id],
    );
    await market.cancelExpired();
    expect(await stateOf(id)).toEqual(['accepted', null]);
    await market.makeDue(id);
    expect((await market.step(expert, id, 'deliver', { delivery: 'Too late.' })).body.code).toBe(
      'errand_overdue',
    );
    expect(await market.cancelExpired()).toMatchObject({ not_delivered: 1, settled: 1 });
    expect(await stateOf(id)).toEqual(['cancelled', 'not_delivered']);
    expect(await market.balance(poster)).toEqual([1_000n * COIN, 0n]);
    await expectClean();
  });

  it('confirms what the poster does not answer, who can then dispute no more', async () => {
    const id = await market.deliveredBy(poster, expert);
    await market.cancelExpired();
    expect(await stateOf(id)).toEqual(['delivered', null]);
    await market.makeDue(id);
    expect((await market.step(poster, id, 'dispute', { reason: 'Late.' })).body.code).toBe('errand_overdue');
    expect(await market.cancelExpired()).toMatchObject({ auto_confirmed: 1, settled: 1 });
    expect(await stateOf(id)).toEqual(['completed', 'auto_confirmed']);
    expect(await market.balance(poster)).toEqual([990n * COIN, 0n]);
    expect(await market.balance(expert)).toEqual([10n * COIN, 0n]);
    await expectClean();
  });

  it('does each thing once when two runs work at once', async () => {
    const open = await Promise.all(
      Array.from({ length: 30 }, () => market.postedBy(poster, { reward: '1' })),
    );
    const helpers = await Promise.all([1, 2, 3].map((n) => market.expert(`Expert ${n}`)));
    const delivered: string[] = [];
    for (let n = 0; n < 9; n++) {
      const helper = helpers[n % 3] as TestUser;
      delivered.push(await market.deliveredBy(poster, helper, { reward: '2' }));
    }
    await market.makeDue(...open, ...delivered);
    const runs = await Promise.all([market.cancelExpired(), market.cancelExpired()]);
    const sum = (name: string) => runs.reduce((total, run) => total + (run[name] ?? 0), 0);
    expect([sum('expired'), sum('auto_confirmed'), sum('settled'), sum('failed')]).toEqual([30, 9, 39, 0]);
    expect(await market.balance(poster)).toEqual([(1_000n - 18n) * COIN, 0n]);
    for (const helper of helpers) expect(await market.balance(helper)).toEqual([6n * COIN, 0n]);
    expect(await releases()).toBe(30);
    await expectClean();
  });

  it('completes a payment that was cut off between the poster and the expert, and pays once', async () => {
    const id = await market.deliveredBy(poster, expert);
    vi.spyOn(market.coins, 'grantCoins').mockRejectedValueOnce(new Error('the process dies here'));
    expect((await market.step(poster, id, 'confirm')).status).toBe(500);
    expect(await stateOf(id)).toEqual(['settling', 'confirmed']);
    expect(await market.balance(poster)).toEqual([990n * COIN, 0n]);
    expect(await market.balance(expert)).toEqual([0n, 0n]);
    // The one who confirmed may still be at it: it is not due yet.
    expect(await market.cancelExpired()).toMatchObject({ settled: 0 });
    await market.makeDue(id);
    expect(await market.cancelExpired()).toMatchObject({ settled: 1, failed: 0 });
    expect(await stateOf(id)).toEqual(['completed', 'confirmed']);
    expect(await market.balance(poster)).toEqual([990n * COIN, 0n]);
    expect(await market.balance(expert)).toEqual([10n * COIN, 0n]);
    await expectClean();
  });

  it('pays once though the end of the payment was lost after the expert had it', async () => {
    const id = await market.deliveredBy(poster, expert);
    vi.spyOn(market.get(DueErrandRepository), 'finish').mockRejectedValueOnce(new Error('gone'));
    expect((await market.step(poster, id, 'confirm')).status).toBe(500);
    expect(await market.balance(expert)).toEqual([10n * COIN, 0n]);
    // The poster's own second try completes it.
    expect(await market.step(poster, id, 'confirm')).toMatchObject({
      status: 200,
      body: { state: 'completed' },
    });
    expect(await market.balance(expert)).toEqual([10n * COIN, 0n]);
    await expectClean();
  });

  it('goes on after a run that failed half-way, and gives nothing back twice', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => market.postedBy(poster, { reward: '1' })));
    await market.makeDue(...ids);
    // All are released, and then the database goes away before that is noted.
    vi.spyOn(market.get(DueErrandRepository), 'finish').mockRejectedValueOnce(new Error('database away'));
    await expect(market.cancelExpired()).rejects.toThrow('database away');
    expect(await market.balance(poster)).toEqual([1_000n * COIN, 0n]);
    expect(await market.cancelExpired({ attempt: 2 })).toMatchObject({ expired: 0, settled: 12, failed: 0 });
    for (const id of ids) expect(await stateOf(id)).toEqual(['cancelled', 'expired']);
    expect(await releases()).toBe(12);
    await expectClean();
  });

  it('does not let one that fails hold up the others, and tries it again later', async () => {
    const [bad = '', ...good] = await Promise.all(
      Array.from({ length: 5 }, () => market.postedBy(poster, { reward: '1' })),
    );
    await market.makeDue(bad, ...good);
    const release = market.coins.releaseAll.bind(market.coins);
    vi.spyOn(market.coins, 'releaseAll').mockImplementation(async (requests) => {
      const results = await release(requests.filter(({ holdId }) => holdId !== bad));
      const at = requests.findIndex(({ holdId }) => holdId === bad);
      if (at >= 0) results.splice(at, 0, { status: 'rejected', reason: new Error('no luck') });
      return results;
    });
    expect(await market.cancelExpired()).toMatchObject({ expired: 5, settled: 4, failed: 1 });
    expect(await stateOf(bad)).toEqual(['settling', 'expired']);
    expect(await market.balance(poster)).toEqual([1_000n * COIN, COIN]);
    vi.restoreAllMocks();
    expect(await market.cancelExpired()).toMatchObject({ settled: 0 });
    await market.makeDue(bad);
    expect(await market.cancelExpired()).toMatchObject({ settled: 1, failed: 0 });
    expect(await market.balance(poster)).toEqual([1_000n * COIN, 0n]);
    await expectClean();
  });

  it('is done by the handlers that a worker has', async () => {
    const id = await market.postedBy(poster);
    await market.makeDue(id);
    await pauseSchedules(market.test.environment);
    const worker = await createTestWorker(market.test.environment);
    try {
      const run = { dueAt: new Date(), attempt: 1, signal: new AbortController().signal };
      const part = <T>(type: Type<T>) => worker.get(type, { strict: false });
      expect(await part(CancelExpiredTasksHandler).run(run)).toMatchObject({ settled: 1 });
      expect(await part(UpdateFeaturedTaskExpertsResponseTimeHandler).run(run)).toEqual({ computed: 0 });
      expect(await part(UpdateAllUsersStatisticsHandler).run(run)).toMatchObject({ computed: 1 });
    } finally {
      await worker.close();
    }
    expect(await stateOf(id)).toEqual(['cancelled', 'expired']);
  });

  it('stops between batches when it is told to', async () => {
    const id = await market.postedBy(poster);
    await market.makeDue(id);
    expect(await market.cancelExpired({ signal: AbortSignal.abort() })).toMatchObject({ expired: 0 });
    expect(await stateOf(id)).toEqual(['open', null]);
  });

  describe('a posting that was cut off', () => {
    const cutOff = async (before: 'hold' | 'open', key: string = randomUUID(), over: object = {}) => {
      const spy =
        before === 'hold'
          ? vi.spyOn(market.coins, 'holdCoins').mockRejectedValueOnce(new Error('cut off'))
          : vi
              .spyOn(market.get(ErrandTransitionRepository), 'open')
              .mockRejectedValueOnce(new Error('cut off'));
      expect((await market.post(poster, over, key)).status).toBe(500);
      spy.mockRestore();
      const [row]: [{ id: string }] = await market.transactions.single.query(
        `SELECT id FROM errands WHERE poster_id = ? AND state = 'posting'`,
        [poster.id],
      );
      return row.id;
    };

    it.each(['hold', 'open'] as const)(
      'before its %s is seen by nobody, and opened by a run',
      async (before) => {
        const id = await cutOff(before);
        expect((await market.read(poster, id)).status).toBe(404);
        expect((await market.step(expert, id, 'accept')).body.code).toBe('errand_not_found');
        expect(await market.cancelExpired()).toMatchObject({ posted: 0 });
        await market.transactions.single.query(
          'UPDATE errands SET due_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE id = ?',
          [id],
        );
        expect(await market.cancelExpired()).toMatchObject({ posted: 1, failed: 0 });
        expect(await stateOf(id)).toEqual(['open', null]);
        expect(await market.balance(poster)).toEqual([1_000n * COIN, 10n * COIN]);
        await expectClean();
      },
    );

    it('is completed by the same call again', async () => {
      const key = randomUUID();
      const over = { deadline_at: new Date(Date.now() + DAY_MS).toISOString() };
      const id = await cutOff('open', key, over);
      expect(await market.post(poster, over, key)).toMatchObject({
        status: 201,
        body: { id, state: 'open' },
      });
      expect(await market.balance(poster)).toEqual([1_000n * COIN, 10n * COIN]);
      await expectClean();
    });

    it('is forgotten if the coins are gone by then', async () => {
      const id = await cutOff('hold', randomUUID(), { reward: '900' });
      await market.postedBy(poster, { reward: '500' });
      await market.makeDue(id);
      expect(await market.cancelExpired()).toMatchObject({ posted: 0, failed: 0 });
      expect(await market.errand(id)).toBeUndefined();
      expect(await market.balance(poster)).toEqual([1_000n * COIN, 500n * COIN]);
      await expectClean();
    });
  });

  describe('the hold', () => {
    const holdOf = async (id: string) => {
      const { holds } = await market.books(poster);
      const hold = holds.find((each) => each.id === id);
      if (!hold) throw new Error('There is no hold.');
      return hold;
    };

    it('outlives the longest life of its errand', async () => {
      const deadline = Date.now() + 90 * DAY_MS - 60_000;
      const id = await market.postedBy(poster, { deadline_at: new Date(deadline).toISOString() });
      // 24 h of grace, 72 h to confirm, and a month in which workers may stand still.
      const longest = deadline + 4 * DAY_MS;
      expect((await holdOf(id)).expiresAt.getTime()).toBeGreaterThan(longest + 29 * DAY_MS);
      expect(await market.coins.expireHolds(1_000)).toBe(0);
      expect((await holdOf(id)).status).toBe('open');
    });

    it('of a dispute is renewed as long as nobody decides', async () => {
      const id = await market.disputedBy(poster, expert);
      const before = (await holdOf(id)).expiresAt.getTime();
      expect(await market.cancelExpired()).toMatchObject({ disputes_renewed: 1 });
      expect((await holdOf(id)).expiresAt.getTime()).toBeGreaterThan(before + 60 * DAY_MS);
      expect(await market.cancelExpired()).toMatchObject({ disputes_renewed: 0 });
      await market.makeDue(id);
      expect(await market.cancelExpired()).toMatchObject({ disputes_renewed: 1 });
      expect(await stateOf(id)).toEqual(['disputed', null]);
    });

    it('that an operator released pays nobody: the errand ends as hold_lost', async () => {
      const id = await market.deliveredBy(poster, expert);
      await market.coins.releaseStuckHold({
        accountId: poster.id,
        holdId: id,
        actor: market.operator.id,
        note: 'Asked for by mail',
        idempotencyKey: randomUUID(),
      });
      expect(await market.step(poster, id, 'confirm')).toMatchObject({
        status: 200,
        body: { state: 'cancelled', outcome: 'hold_lost', payment: '0.000000' },
      });
      expect(await market.balance(poster)).toEqual([1_000n * COIN, 0n]);
      expect(await market.balance(expert)).toEqual([0n, 0n]);
      await expectClean();
    });
  });

  it('is compared with the ledger, which finds a payment that was not made', async () => {
    const paid = await market.deliveredBy(poster, expert);
    const open = await market.postedBy(poster);
    // Ended by hand, past the product.
    await market.transactions.single.query(
      `UPDATE errands SET state = 'completed', payment = reward, due_at = NULL WHERE id = ?`,
      [paid],
    );
    await market.transactions.single.query(
      `UPDATE errands SET state = 'cancelled', payment = 0, due_at = NULL WHERE id = ?`,
      [open],
    );
    const { isClean, kinds } = await market.reconcile();
    expect(isClean).toBe(false);
    const found = kinds.filter(({ count }) => count > 0);
    expect(Object.fromEntries(found.map(({ kind, count }) => [kind, count]))).toEqual({
      errand_hold: 2,
      errand_reward: 1,
    });
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnsWith, TestErasures } from '../factories/erasures.js';
import { COIN, TestMarketplace } from '../factories/marketplace.js';
import type { TestUser } from '../factories/users.js';

describe('the erasure of a user in the marketplace', () => {
  let market: TestMarketplace;
  let erasures: TestErasures;
  beforeAll(async () => {
    market = await TestMarketplace.create();
    erasures = new TestErasures(market.test);
  });
  afterAll(async () => {
    expect(await market.reconcile()).toMatchObject({ isClean: true });
    await market.close();
  });

  async function erase(user: TestUser): Promise<void> {
    const { password } = user;
    expect((await market.call(user, 'DELETE', '/api/account', { password })).status).toBe(204);
    await erasures.sweep();
    expect(await erasures.of(user.id)).toMatchObject({ finished_at: expect.any(Date) });
  }
  const stateOf = async (id: string) => {
    const { state, outcome } = (await market.errand(id)) ?? {};
    return [state, outcome];
  };

  it('gives back what a poster has held, pays what was delivered, and leaves nothing he wrote', async () => {
    const marker = `marker-${randomUUID()}`;
    const over = { title: marker, description: marker };
    const poster = await market.userWith(100n);
    const expert = await market.expert();
    const open = await market.postedBy(poster, over);
    const accepted = await market.acceptedBy(poster, expert, over);
    const delivered = await market.deliveredBy(poster, expert, over);
    const disputed = await market.deliveredBy(poster, expert, over);
    await market.step(poster, disputed, 'dispute', { reason: marker });
    expect((await columnsWith(market.transactions, marker)).sort()).toEqual([
      'errands.description',
      'errands.dispute_reason',
      'errands.title',
    ]);
    await erase(poster);
    expect(await columnsWith(market.transactions, marker)).toEqual([]);
    expect(await stateOf(open)).toEqual(['cancelled', 'poster_erased']);
    expect(await stateOf(accepted)).toEqual(['cancelled', 'poster_erased']);
    expect(await stateOf(delivered)).toEqual(['completed', 'poster_erased']);
    // An operator still decides.
    expect(await stateOf(disputed)).toEqual(['disputed', null]);
    expect(await market.balance(poster)).toEqual([90n * COIN, 10n * COIN]);
    expect(await market.balance(expert)).toEqual([10n * COIN, 0n]);
    expect((await market.decide(disputed, '4')).status).toBe(200);
    expect(await market.balance(poster)).toEqual([86n * COIN, 0n]);
    expect(await market.balance(expert)).toEqual([14n * COIN, 0n]);
    expect((await market.step(expert, accepted, 'deliver', { delivery: 'x' })).body.code).toBe(
      'errand_in_other_state',
    );
  });

  it('opens again what an expert has not delivered, gives back the rest, and leaves nothing he wrote', async () => {
    const marker = `marker-${randomUUID()}`;
    const poster = await market.userWith(100n);
    const expert = await market.expert(marker);
    const delivery = { delivery: marker };
    const accepted = await market.acceptedBy(poster, expert);
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      const id = await market.acceptedBy(poster, expert);
      await market.step(expert, id, 'deliver', delivery);
      ids.push(id);
    }
    const [delivered = '', disputed = '', completed = ''] = ids;
    await market.step(poster, disputed, 'dispute', { reason: 'No.' });
    await market.step(poster, completed, 'confirm');
    expect((await columnsWith(market.transactions, marker)).sort()).toEqual([
      'errands.delivery',
      'experts.display_name',
    ]);
    await erase(expert);
    expect(await columnsWith(market.transactions, marker)).toEqual([]);
    expect(await stateOf(accepted)).toEqual(['open', null]);
    expect(await market.errand(accepted)).toMatchObject({ expert_id: null, accepted_at: null });
    expect(await stateOf(delivered)).toEqual(['cancelled', 'expert_erased']);
    expect(await stateOf(disputed)).toEqual(['cancelled', 'expert_erased']);
    expect(await stateOf(completed)).toEqual(['completed', 'confirmed']);
    expect(await market.balance(expert)).toEqual([10n * COIN, 0n]);
    expect(await market.balance(poster)).toEqual([90n * COIN, 10n * COIN]);
    const other = await market.expert();
    expect((await market.step(other, accepted, 'accept')).status).toBe(200);
  });

  it('takes the statistics along, and later runs do not bring them back', async () => {
    const poster = await market.userWith(20n);
    await market.postedBy(poster);
    await market.updateStatistics();
    const rows = () =>
      market.transactions.single.query<unknown[]>(
        `SELECT user_id FROM user_statistics WHERE user_id = ?
         UNION ALL SELECT user_id FROM statistics_due WHERE user_id = ?`,
        [poster.id, poster.id],
      );
    expect(await rows()).toHaveLength(1);
    await erase(poster);
    expect(await rows()).toEqual([]);
    // The end of his errand, and his account, have changed since.
    await market.updateStatistics();
    expect(await rows()).toEqual([]);
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ResponseTimeRepository } from '../../src/modules/marketplace/response-time.repository.js';
import { type Answer, TestMarketplace } from '../factories/marketplace.js';
import type { TestUser } from '../factories/users.js';

const EXPERTS = '/api/marketplace/experts';
const DAY_MS = 24 * 3_600_000;

describe('experts', () => {
  let market: TestMarketplace;
  beforeAll(async () => {
    market = await TestMarketplace.create();
  });
  afterAll(() => market.close());
  beforeEach(() => market.transactions.single.query('DELETE FROM experts'));

  const feature = (user: TestUser, by = market.operator): Promise<Answer> =>
    market.call(by, 'PUT', `/api/admin/marketplace/experts/${user.id}/featured`);
  const profileOf = async (user: TestUser) =>
    (await market.call(undefined, 'GET', `${EXPERTS}/${user.id}`)).body;

  it('have a profile that they write and everybody reads, until they erase it', async () => {
    const user = await market.userWith(0n);
    expect((await market.call(undefined, 'GET', `${EXPERTS}/${user.id}`)).body.code).toBe('expert_not_found');
    const save = (profile: object) => market.call(user, 'PUT', `${EXPERTS}/me`, profile);
    expect((await save({ display_name: 'Ada', bio: 'First.', skills: ['maths'] })).status).toBe(200);
    expect((await save({ display_name: 'Ada L.', skills: ['maths', 'engines'] })).status).toBe(200);
    expect(await profileOf(user)).toMatchObject({
      user_id: user.id,
      display_name: 'Ada L.',
      bio: '',
      skills: ['maths', 'engines'],
      is_featured: false,
      response_median_ms: null,
      response_count: 0,
    });
    for (const wrong of [{ skills: [] }, { skills: ['x'.repeat(41)] }, { display_name: '' }]) {
      expect((await save({ display_name: 'Ada', skills: ['maths'], ...wrong })).status).toBe(422);
    }
    expect((await market.call(user, 'DELETE', `${EXPERTS}/me`)).status).toBe(204);
    expect((await market.call(user, 'DELETE', `${EXPERTS}/me`)).body.code).toBe('expert_not_found');
  });

  it('are listed by pages, the featured first', async () => {
    const users: TestUser[] = [];
    for (let n = 0; n < 5; n++) users.push(await market.expert(`Expert ${n}`));
    const [a, b, c, d, e] = users as [TestUser, TestUser, TestUser, TestUser, TestUser];
    await feature(a);
    await feature(c);
    const found: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await market.call(undefined, 'GET', `${EXPERTS}?limit=2${cursor}`);
      found.push(...body.items.map((item: { user_id: string }) => item.user_id));
      if (body.next_cursor === null) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect(found).toEqual([c, a, e, d, b].map((user) => user.id));
  });

  it('are featured by operators alone, and each change is audited once', async () => {
    const user = await market.expert();
    expect((await feature(user, user)).status).toBe(403);
    expect((await feature(await market.userWith(0n))).body.code).toBe('expert_not_found');
    for (let n = 0; n < 2; n++) expect((await feature(user)).body).toMatchObject({ is_featured: true });
    const url = `/api/admin/marketplace/experts/${user.id}/featured`;
    expect((await market.call(market.operator, 'DELETE', url)).body).toMatchObject({ is_featured: false });
    const { body } = await market.call(
      market.operator,
      'GET',
      `/api/admin/audit?subject_id=${user.id}&subject_kind=user`,
    );
    expect(body.items.map((item: { action: string }) => item.action)).toEqual([
      'expert.unfeatured',
      'expert.featured',
    ]);
  });

  describe('response times', () => {
    const dueAt = new Date('2026-06-01T03:00:00.000Z');

    /** Deliveries of an expert: how long each took, and how many days before the due time it came. */
    async function deliver(
      user: TestUser,
      deliveries: readonly [ms: number, daysAgo: number][],
    ): Promise<void> {
      for (const [ms, daysAgo] of deliveries) {
        const deliveredAt = new Date(dueAt.getTime() - daysAgo * DAY_MS);
        await market.transactions.single.query(
          `INSERT INTO errands (id, poster_id, expert_id, state, title, description, reward, payment, deadline_at,
             request_key, request_hash, created_at, accepted_at, delivered_at, changed_at)
           VALUES (?, ?, ?, 'cancelled', 't', 'd', 1, 0, ?, UNHEX(SHA2(?, 256)), UNHEX(SHA2('', 256)), ?, ?, ?, ?)`,
          [
            randomUUID(),
            market.operator.id,
            user.id,
            deliveredAt,
            randomUUID(),
            new Date(deliveredAt.getTime() - ms - 5_000),
            new Date(deliveredAt.getTime() - ms),
            deliveredAt,
            deliveredAt,
          ],
        );
      }
    }
    const timesOf = async (user: TestUser) => {
      const { response_median_ms: median, response_count: count } = await profileOf(user);
      return [median, count];
    };

    it('are the median from acceptance to delivery over 90 days, of featured experts', async () => {
      const [odd, even, idle, plain] = await Promise.all([1, 2, 3, 4].map(() => market.expert()));
      if (!odd || !even || !idle || !plain) throw new Error('Four were asked for.');
      for (const user of [odd, even, idle]) await feature(user);
      await deliver(odd, [
        [9_000, 1],
        [1_000, 2],
        [3_000, 89.9],
        [500, 90.1],
        [500, -0.1],
      ]);
      await deliver(even, [
        [1_000, 1],
        [2_001, 1],
        [100_000, 1],
        [10, 1],
      ]);
      await deliver(plain, [[7, 1]]);
      expect(await market.updateResponseTimes({ dueAt })).toEqual({ computed: 3 });
      expect(await timesOf(odd)).toEqual([3_000, 3]);
      expect(await timesOf(even)).toEqual([1_501, 4]);
      expect(await timesOf(idle)).toEqual([null, 0]);
      expect(await timesOf(plain)).toEqual([null, 0]);
      // For the same due time there is nothing left to do; for the next, what is new counts.
      expect(await market.updateResponseTimes({ dueAt, attempt: 2 })).toEqual({ computed: 0 });
      const next = new Date(dueAt.getTime() + DAY_MS);
      expect(await market.updateResponseTimes({ dueAt: next })).toEqual({ computed: 3 });
      expect(await timesOf(odd)).toEqual([1_000, 3]);
    });

    it('are computed for all, in batches, also after a run that failed half-way', async () => {
      await market.transactions.single.query(
        `INSERT INTO experts (user_id, display_name, bio, skills, is_featured, created_at)
         VALUES ${Array(250).fill(`(UUID(), 'x', '', '[]', 1, UTC_TIMESTAMP(3))`).join(', ')}`,
      );
      const repository = market.get(ResponseTimeRepository);
      const compute = repository.compute.bind(repository);
      const spy = vi.spyOn(repository, 'compute').mockImplementation((ids, at) => {
        return spy.mock.calls.length === 2 ? Promise.reject(new Error('gone')) : compute(ids, at);
      });
      await expect(market.updateResponseTimes({ dueAt })).rejects.toThrow('gone');
      spy.mockRestore();
      expect(await market.updateResponseTimes({ dueAt, attempt: 2 })).toEqual({ computed: 150 });
      expect(await market.updateResponseTimes({ dueAt, attempt: 3 })).toEqual({ computed: 0 });
    });

    it('come out the same from two runs at once', async () => {
      const user = await market.expert();
      await feature(user);
      await deliver(user, [
        [4_000, 1],
        [6_000, 1],
      ]);
      await Promise.all([market.updateResponseTimes({ dueAt }), market.updateResponseTimes({ dueAt })]);
      expect(await timesOf(user)).toEqual([5_000, 2]);
    });
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CoinAccountService } from '../../src/modules/coin-account/index.js';
import { PointService } from '../../src/modules/engagement/index.js';
import { ActivityRepository } from '../../src/modules/engagement/activities/activity.repository.js';
import { PayoutRepository } from '../../src/modules/engagement/activities/payout.repository.js';
import { CheckAndEndActivitiesHandler } from '../../src/modules/engagement/tasks/check-and-end-activities.handler.js';
import { newId } from '../../src/shared/ids.js';
import { COIN } from '../factories/coin-api.js';
import { TestEngagement } from '../factories/engagement.js';
import { bearer, createUser, type TestUser } from '../factories/users.js';
import { TestErasures } from '../factories/erasures.js';
import { waitUntil } from '../factories/wait.js';

interface Activity {
  id: string;
  state: string;
}

interface Payout {
  user_id: string;
  amount: string;
  place: number | null;
  state: string;
}

const DAY_MS = 86_400_000;
const FIVE_COINS = { kind: 'coins', amount: '5' };

describe('activities', () => {
  let engagement: TestEngagement;
  beforeAll(async () => {
    engagement = await TestEngagement.create({ LOCKKEEPER_ACTIVITY_SETTLE_SECONDS: '0' });
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(async () => {
    await engagement.expectPointsToBalance();
    await engagement.expectCleanBooks();
    await engagement.close();
  });

  const create = (rule: object, change: object = {}) =>
    engagement.call<Activity>('POST', '/api/admin/activities', engagement.operator, {
      title: 'Spring',
      rule,
      starts_at: new Date(Date.now() - DAY_MS).toISOString(),
      ends_at: new Date(Date.now() + DAY_MS).toISOString(),
      ...change,
    });
  const activity = async (rule: object, change: object = {}) => (await create(rule, change)).body.id;
  const join = (id: string, user: TestUser) =>
    engagement.call('PUT', `/api/activities/${id}/participation`, user);
  const earn = (userId: string, points: number) =>
    engagement.test.app
      .get(PointService)
      .earnPoints({ id: randomUUID(), userId, points, validDays: 30, reason: 'rule' });
  const spend = async (user: TestUser, amount: bigint, settled = amount) => {
    const holdId = newId();
    const of = { accountId: user.id, holdId, reference: holdId };
    await engagement.coins.holdCoins({ ...of, amount, purpose: 'test', leaseMs: 60_000 });
    await engagement.coins.settleHold({ ...of, amount: settled });
  };
  const fund = (user: TestUser) =>
    engagement.coins.grantCoins({
      accountId: user.id,
      amount: 100n * COIN,
      reason: 'purchase',
      actor: 'operator',
      idempotencyKey: randomUUID(),
    });
  const endNow = (id: string) =>
    engagement.sql('UPDATE activities SET ends_at = UTC_TIMESTAMP(3) WHERE id = ?', id);
  const run = (signal?: AbortSignal) => engagement.run(CheckAndEndActivitiesHandler, signal);
  const stateOf = async (id: string) =>
    (await engagement.call<Activity>('GET', `/api/activities/${id}`)).body.state;
  const payouts = (id: string, limit = 100) =>
    engagement.readAll<Payout>(`/api/admin/activities/${id}/payouts`, engagement.operator, limit);
  /** Participants who are nobody else. */
  const seat = async (id: string, count: number): Promise<string[]> => {
    const userIds = Array.from({ length: count }, () => randomUUID());
    await engagement.sql(
      'INSERT INTO activity_participants (activity_id, user_id, seat_id, points, coins_from, joined_at) VALUES ?',
      userIds.map((userId) => [id, userId, newId(), 0, 0, new Date()]),
    );
    return userIds;
  };
  const rewardsOf = async (userIds: readonly string[]): Promise<Record<string, number>> => {
    const rows = await engagement.sql<{ n: string; balance: string }>(
      `SELECT balance, COUNT(*) AS n FROM coin_accounts WHERE id IN (?) GROUP BY balance`,
      userIds,
    );
    return Object.fromEntries(rows.map(({ n, balance }) => [balance, Number(n)]));
  };

  it('reward everyone who takes part, once, and then are over', async () => {
    const id = await activity({ kind: 'everyone', reward: FIVE_COINS });
    const users = await engagement.users(3);
    for (const user of users) await Promise.all([join(id, user), join(id, user)]);
    expect(await run()).toEqual({ ended: 0, paid: 0, refused: 0 });
    await endNow(id);
    const late = await engagement.user();
    expect(await join(id, late)).toMatchObject({ status: 409, body: { code: 'activity_over' } });
    expect(await run()).toEqual({ ended: 1, paid: 3, refused: 0 });
    expect(await run()).toEqual({ ended: 0, paid: 0, refused: 0 });
    expect(await stateOf(id)).toBe('ended');
    for (const user of users) expect(await engagement.balanceOf(user)).toBe(5n * COIN);
    expect(await engagement.balanceOf(late)).toBe(0n);
    const paid = await payouts(id, 2);
    expect(paid.map(({ user_id }) => user_id)).toEqual(users.map((user) => user.id).sort());
    expect(paid[0]).toMatchObject({ amount: '5.000000', state: 'granted', place: null });
  });

  it('reward the first by points earned while taking part; of equals, who joined first', async () => {
    const rewards = [
      FIVE_COINS,
      { kind: 'coins', amount: '3' },
      { kind: 'points', points: 7, valid_days: 30 },
    ];
    const id = await activity({ kind: 'top_by_points', rewards });
    const [first, second, third, fourth, none] = await engagement.users(5);
    await earn(first!.id, 1_000);
    for (const user of [first!, second!, third!, fourth!, none!]) await join(id, user);
    await earn(fourth!.id, 5);
    await earn(third!.id, 10);
    await earn(first!.id, 10);
    await earn(second!.id, 20);
    const standing = (user: TestUser) => engagement.call('GET', `/api/activities/${id}/standing`, user);
    expect((await standing(first!)).body).toMatchObject({ points: 10, place: 2, coins_spent: null });
    expect((await standing(none!)).body).toMatchObject({ points: 0, place: null });
    expect((await standing(engagement.operator)).status).toBe(404);
    const board = await engagement.readAll(`/api/activities/${id}/leaderboard`, third!, 2);
    expect(board).toEqual([
      { place: 1, points: 20, is_you: false },
      { place: 2, points: 10, is_you: false },
      { place: 3, points: 10, is_you: true },
      { place: 4, points: 5, is_you: false },
      { place: 5, points: 0, is_you: false },
    ]);
    await endNow(id);
    await earn(fourth!.id, 1_000);
    expect(await run()).toEqual({ ended: 1, paid: 3, refused: 0 });
    const places = new Map((await payouts(id)).map(({ user_id, place }) => [user_id, place]));
    expect(places).toEqual(
      new Map([
        [second!.id, 1],
        [first!.id, 2],
        [third!.id, 3],
      ]),
    );
    expect(await engagement.balanceOf(second!)).toBe(5n * COIN);
    expect(await engagement.balanceOf(first!)).toBe(3n * COIN);
    const [lot] = await engagement.sql(
      'SELECT points FROM point_lots WHERE user_id = ? AND reason = ?',
      third!.id,
      'activity',
    );
    expect(lot).toMatchObject({ points: '7' });
  });

  it('reward who earned enough points between start and end', async () => {
    const id = await activity({ kind: 'points_earned', at_least: 30, reward: FIVE_COINS });
    const early = await activity(
      { kind: 'points_earned', at_least: 1, reward: FIVE_COINS },
      { starts_at: new Date(Date.now() + DAY_MS / 2).toISOString() },
    );
    const [enough, tooFew] = await engagement.users(2);
    for (const user of [enough!, tooFew!]) await Promise.all([join(id, user), join(early, user)]);
    await Promise.all(Array.from({ length: 10 }, () => earn(enough!.id, 3)));
    await earn(tooFew!.id, 29);
    await Promise.all([endNow(id), endNow(early)]);
    expect(await run()).toEqual({ ended: 2, paid: 1, refused: 0 });
    expect(await engagement.balanceOf(enough!)).toBe(5n * COIN);
    expect(await engagement.balanceOf(tooFew!)).toBe(0n);
  });

  it('reward who was charged enough coins while taking part, debts included', async () => {
    const id = await activity({ kind: 'coins_spent', at_least: '10', reward: FIVE_COINS });
    const [enough, tooFew, indebted] = await engagement.users(3);
    for (const user of [enough!, tooFew!, indebted!]) await fund(user);
    await spend(tooFew!, 50n * COIN);
    for (const user of [enough!, tooFew!, indebted!]) await join(id, user);
    await spend(enough!, 4n * COIN);
    await spend(enough!, 6n * COIN);
    await spend(tooFew!, 20n * COIN, 9n * COIN);
    await spend(indebted!, 100n * COIN, 105n * COIN);
    const standing = await engagement.call('GET', `/api/activities/${id}/standing`, indebted);
    expect(standing.body).toMatchObject({ coins_spent: '105.000000' });
    await endNow(id);
    await spend(tooFew!, 20n * COIN);
    expect(await run()).toEqual({ ended: 1, paid: 2, refused: 0 });
    const paid = (await payouts(id)).map(({ user_id }) => user_id);
    expect(paid).toEqual([enough!.id, indebted!.id].sort());
  });

  it.each([
    ['the payees were being written down', PayoutRepository, 'insert', 2],
    ['the page was being noted', ActivityRepository, 'advance', 3],
    ['coins were being given', CoinAccountService, 'grantAll', 2],
    ['the payment was being noted', PayoutRepository, 'finish', 3],
    ['the end was being noted', ActivityRepository, 'advance', 6],
  ] as const)('pay once although the run broke off while %s', async (_, part, method, failing) => {
    const id = await activity({ kind: 'everyone', reward: FIVE_COINS });
    const userIds = await seat(id, 350);
    await endNow(id);
    const collaborator = engagement.worker.get<object>(part, { strict: false }) as Record<
      string,
      () => unknown
    >;
    const original = collaborator[method]!.bind(collaborator);
    let calls = 0;
    const spy = vi.spyOn(collaborator, method).mockImplementation((...args: []) => {
      if (++calls >= failing) return Promise.reject(new Error('the process died'));
      return original(...args);
    });
    await expect(run()).rejects.toThrow('the process died');
    expect(await stateOf(id)).not.toBe('ended');
    spy.mockRestore();
    expect(await run()).toMatchObject({ ended: 1 });
    expect(await rewardsOf(userIds)).toEqual({ [String(5n * COIN)]: 350 });
    expect(new Set((await payouts(id)).map(({ state }) => state))).toEqual(new Set(['granted']));
  });

  it('pay once although two runs are under way, and stop when told to', async () => {
    const id = await activity({ kind: 'everyone', reward: FIVE_COINS });
    const userIds = await seat(id, 250);
    await endNow(id);
    const stopping = new AbortController();
    const service = engagement.worker.get(CoinAccountService, { strict: false });
    const give = service.grantAll.bind(service);
    const spy = vi.spyOn(service, 'grantAll').mockImplementation((requests) => {
      stopping.abort();
      return give(requests);
    });
    const stopped = await run(stopping.signal);
    expect(stopped).toEqual({ ended: 0, paid: 100, refused: 0 });
    spy.mockRestore();
    const runs = await Promise.all([run(), run(), run()]);
    expect(runs.reduce((sum, each) => sum + each['paid']!, 0)).toBe(150);
    expect(runs.reduce((sum, each) => sum + each['ended']!, 0)).toBe(1);
    expect(await rewardsOf(userIds)).toEqual({ [String(5n * COIN)]: 250 });
  });

  it('end although one account can take nothing, and although another activity cannot be ended', async () => {
    const broken = await activity({ kind: 'everyone', reward: FIVE_COINS });
    await seat(broken, 1);
    await engagement.sql(`UPDATE activities SET rule = '{}' WHERE id = ?`, broken);
    const id = await activity({ kind: 'everyone', reward: FIVE_COINS });
    const [full, other] = await engagement.users(2);
    const request = { accountId: full!.id, reason: 'purchase', actor: 'operator' } as const;
    const most = 9_223_372_036_854_775_807n;
    await engagement.coins.grantCoins({ ...request, amount: most, idempotencyKey: randomUUID() });
    await Promise.all([join(id, full!), join(id, other!)]);
    await endNow(broken);
    await endNow(id);
    await expect(run()).rejects.toThrow();
    expect(await stateOf(id)).toBe('ended');
    const states = new Map((await payouts(id)).map(({ user_id, state }) => [user_id, state]));
    expect(states).toEqual(
      new Map([
        [full!.id, 'refused'],
        [other!.id, 'granted'],
      ]),
    );
    await engagement.sql('DELETE FROM activities WHERE id = ?', broken);
  });

  it('pay nobody once cancelled, and cannot be cancelled once over', async () => {
    const id = await activity({ kind: 'everyone', reward: FIVE_COINS });
    const user = await engagement.user();
    await join(id, user);
    const cancel = () => engagement.call<Activity>('POST', `/api/admin/activities/${id}/cancel`);
    expect(await cancel()).toMatchObject({ status: 200, body: { state: 'cancelled' } });
    expect((await cancel()).status).toBe(200);
    expect(await engagement.auditOf(id)).toEqual(['activity.created', 'activity.cancelled']);
    await endNow(id);
    expect(await run()).toEqual({ ended: 0, paid: 0, refused: 0 });
    expect(await engagement.balanceOf(user)).toBe(0n);
    expect((await join(id, user)).status).toBe(200);
    const over = await activity({ kind: 'everyone', reward: FIVE_COINS });
    await endNow(over);
    await run();
    const answer = await engagement.call('POST', `/api/admin/activities/${over}/cancel`);
    expect(answer).toMatchObject({ status: 409, body: { code: 'activity_over' } });
  });

  it.each([
    ['an unknown rule', { kind: 'friends' }, {}],
    ['a reward of nothing', { kind: 'everyone', reward: { kind: 'coins', amount: '0' } }, {}],
    [
      'too many places',
      { kind: 'top_by_points', rewards: Array.from({ length: 101 }, () => FIVE_COINS) },
      {},
    ],
    [
      'an end before the start',
      { kind: 'everyone', reward: FIVE_COINS },
      { ends_at: '2001-01-01T00:00:00Z' },
    ],
  ])('are refused with %s', async (_, rule, change) => {
    expect(await create(rule, change)).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
  });

  it('are listed, the open ones to users, all of them to operators alone', async () => {
    const [user] = await engagement.users(1);
    const soon = await activity(
      { kind: 'everyone', reward: FIVE_COINS },
      { ends_at: new Date(Date.now() + DAY_MS / 3).toISOString() },
    );
    const later = await activity({ kind: 'everyone', reward: FIVE_COINS });
    const open = (await engagement.readAll<Activity>('/api/activities', user!, 1)).map(({ id }) => id);
    expect(open.indexOf(soon)).toBe(0);
    expect(open).toContain(later);
    const all = await engagement.readAll<Activity>('/api/admin/activities', engagement.operator, 3);
    expect(all.slice(0, 2).map(({ id }) => id)).toEqual([later, soon]);
    expect((await create({}, {})).status).toBe(422);
    expect((await engagement.call('GET', '/api/admin/activities', user)).status).toBe(403);
  });

  it('lose an erased user, whose codes are no longer good', async () => {
    const id = await activity({ kind: 'everyone', reward: FIVE_COINS });
    const [user, stays] = await engagement.users(2);
    await Promise.all([join(id, user!), join(id, stays!)]);
    const { body } = await engagement.call('POST', '/api/invitations/codes', user);
    const admin = await createUser(engagement.test, { role: 'admin' });
    await engagement.test.app.inject({
      method: 'DELETE',
      url: `/api/admin/users/${user!.id}`,
      headers: bearer(admin.apiKey),
      payload: { reason: 'user_request' },
    });
    await new TestErasures(engagement.test).sweepOnce();
    // The worker that runs beside may have taken the erasure, and be at it.
    await waitUntil('the erasure', async () => {
      const codes = await engagement.sql('SELECT id FROM invitation_codes WHERE id = ?', body['id']);
      const seats = await engagement.sql(
        'SELECT 1 FROM activity_participants WHERE activity_id = ? AND user_id = ?',
        id,
        user!.id,
      );
      return codes.length + seats.length === 0;
    });
    await endNow(id);
    expect(await run()).toEqual({ ended: 1, paid: 1, refused: 0 });
    expect((await payouts(id)).map(({ user_id }) => user_id)).toEqual([stays!.id]);
  });
});

describe('an activity that has just ended', () => {
  let engagement: TestEngagement;
  beforeAll(async () => {
    engagement = await TestEngagement.create();
  });
  afterAll(() => engagement.close());

  it('is left alone until what was charged before its end is committed', async () => {
    const { body } = await engagement.call<Activity>('POST', '/api/admin/activities', undefined, {
      title: 'Spring',
      rule: { kind: 'everyone', reward: FIVE_COINS },
      starts_at: new Date(Date.now() - DAY_MS).toISOString(),
      ends_at: new Date(Date.now() - 1_000).toISOString(),
    });
    const run = () => engagement.run(CheckAndEndActivitiesHandler);
    expect(await run()).toMatchObject({ ended: 0 });
    expect((await engagement.call<{ items: [] }>('GET', '/api/activities')).body.items).toEqual([]);
    await engagement.sql('UPDATE activities SET ends_at = ends_at - INTERVAL 1 MINUTE WHERE id = ?', body.id);
    expect(await run()).toMatchObject({ ended: 1 });
  });
});

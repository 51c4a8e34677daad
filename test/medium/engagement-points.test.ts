import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CoinAccountService } from '../../src/modules/coin-account/index.js';
import { PointService } from '../../src/modules/engagement/index.js';
import { CheckExpiredPointsHandler } from '../../src/modules/engagement/tasks/check-expired-points.handler.js';
import { COIN } from '../factories/coin-api.js';
import { PointModel, type PointStep, pointSteps } from '../factories/point-model.js';
import { TestEngagement } from '../factories/engagement.js';
import type { TestUser } from '../factories/users.js';

interface Entry {
  sequence: number;
  kind: string;
  points: number;
  balance_after: number;
}

interface Exchange {
  id: string;
  amount: string;
  state: string;
  code?: string;
}

/** As `LOCKKEEPER_COINS_PER_POINT` has it. */
const PER_POINT = COIN / 100n;

describe('points', () => {
  let engagement: TestEngagement;
  beforeAll(async () => {
    engagement = await TestEngagement.create();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await engagement.expectPointsToBalance();
  });
  afterAll(async () => {
    await engagement.expectCleanBooks();
    await engagement.close();
  });

  const grant = (user: TestUser, points: number, validDays = 90, key: string = randomUUID()) =>
    engagement.call(
      'POST',
      `/api/admin/points/${user.id}/grants`,
      engagement.operator,
      { points, valid_days: validDays, reason: 'survey' },
      { 'idempotency-key': key },
    );
  const exchange = (user: TestUser, points: number, key: string = randomUUID()) =>
    engagement.call<Exchange>('POST', '/api/points/exchanges', user, { points }, { 'idempotency-key': key });
  const balance = async (user: TestUser) => (await engagement.call('GET', '/api/points', user)).body;
  const lots = (user: TestUser) =>
    engagement.readAll<{ points: number; remaining: number }>('/api/points/lots', user, 2);
  const history = (user: TestUser) => engagement.readAll<Entry>('/api/points/history', user, 2);
  const expireFirst = (user: TestUser, count: number) =>
    engagement.sql(
      `UPDATE point_lots SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND
       WHERE user_id = ? AND state = 'open' AND expires_at > UTC_TIMESTAMP(3) ORDER BY expires_at, id LIMIT ?`,
      user.id,
      count,
    );
  const leaveBehind = () =>
    engagement.sql('UPDATE point_exchanges SET created_at = UTC_TIMESTAMP(3) - INTERVAL 1 HOUR');
  const runTask = () => engagement.run(CheckExpiredPointsHandler);

  it('are given by operators, once for a key, and noted in the audit log', async () => {
    const user = await engagement.user();
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => grant(user, 300, 90, key)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(await balance(user)).toEqual({ balance: 300, available: 300 });
    expect(await engagement.auditOf(user.id)).toEqual(['points.granted']);
    expect(await grant(user, 301, 90, key)).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
    expect((await engagement.call('GET', `/api/admin/points/${user.id}`)).body).toEqual(await balance(user));
    expect((await engagement.call('GET', `/api/admin/points/${user.id}`, user)).status).toBe(403);
    expect((await engagement.call('GET', `/api/admin/points/${randomUUID()}`)).status).toBe(404);
  });

  it('are exchanged from the lots that expire first, at the rate', async () => {
    const user = await engagement.user();
    await grant(user, 100, 60);
    await grant(user, 110, 10);
    await grant(user, 120, 30);
    expect(await exchange(user, 150)).toMatchObject({
      status: 200,
      body: { points: 150, amount: '1.500000', state: 'granted' },
    });
    expect(await lots(user)).toMatchObject([
      { points: 120, remaining: 80 },
      { points: 100, remaining: 100 },
    ]);
    expect(await engagement.balanceOf(user)).toBe(150n * PER_POINT);
    const entries = await history(user);
    expect(entries.map(({ kind, points, balance_after }) => [kind, points, balance_after])).toEqual([
      ['exchange', -150, 180],
      ['earn', 120, 330],
      ['earn', 110, 210],
      ['earn', 100, 100],
    ]);
    expect(
      (await engagement.call<{ items: Entry[] }>('GET', `/api/admin/points/${user.id}/history`)).body.items,
    ).toEqual(entries);
  });

  it('are refused to one who has too few, and need a key', async () => {
    const user = await engagement.user();
    expect(await exchange(user, 1)).toMatchObject({ status: 402, body: { code: 'insufficient_points' } });
    await grant(user, 10);
    expect(await exchange(user, 11)).toMatchObject({ status: 402, body: { details: { available: 10 } } });
    const keyless = await engagement.call('POST', '/api/points/exchanges', user, { points: 1 });
    expect(keyless).toMatchObject({ status: 400, body: { code: 'idempotency_key_missing' } });
    expect(await balance(user)).toEqual({ balance: 10, available: 10 });
  });

  it('are exchanged once for a key, also by calls at once', async () => {
    const user = await engagement.user();
    await grant(user, 1_000);
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => exchange(user, 100, key)));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(await balance(user)).toEqual({ balance: 900, available: 900 });
    expect(await engagement.balanceOf(user)).toBe(100n * PER_POINT);
    expect(await exchange(user, 200, key)).toMatchObject({ status: 422 });
  });

  it('are never spent twice by 100 exchanges at once', async () => {
    const user = await engagement.user();
    for (let n = 1; n <= 10; n++) await grant(user, 37, n);
    const answers = await Promise.all(Array.from({ length: 100 }, () => exchange(user, 10)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(37);
    expect(answers.filter(({ status }) => status === 402)).toHaveLength(63);
    expect(await balance(user)).toEqual({ balance: 0, available: 0 });
    expect(await engagement.balanceOf(user)).toBe(370n * PER_POINT);
  });

  it.each([
    ['before the coins were given', false],
    ['right after the coins were given', true],
  ])('become coins once if the exchange broke off %s', async (_, isGiven) => {
    const [user, other] = [await engagement.user(), await engagement.user()];
    const service = engagement.test.app.get(CoinAccountService);
    const give = service.grantCoins.bind(service);
    const spy = vi.spyOn(service, 'grantCoins').mockImplementation(async (request) => {
      if (isGiven) await give(request);
      throw new Error('the process died');
    });
    const key = randomUUID();
    for (const who of [user, other]) {
      await grant(who, 100);
      expect((await exchange(who, 60, key)).status).toBe(500);
      expect(await balance(who)).toMatchObject({ balance: 40 });
    }
    spy.mockRestore();
    expect(await exchange(user, 60, key)).toMatchObject({ status: 200, body: { state: 'granted' } });
    expect(await runTask()).toMatchObject({ completed: 0 });
    await leaveBehind();
    await Promise.all([runTask(), runTask()]);
    for (const who of [user, other]) {
      expect(await engagement.balanceOf(who)).toBe(60n * PER_POINT);
      expect(await balance(who)).toMatchObject({ balance: 40 });
    }
    expect(await runTask()).toEqual({ lots: 0, points: 0, completed: 0 });
  });

  it('come back if the account of coins can take no more', async () => {
    const user = await engagement.user();
    const most = 9_223_372_036_854_775_807n;
    const request = { accountId: user.id, reason: 'purchase', actor: 'operator' } as const;
    await engagement.coins.grantCoins({ ...request, amount: most, idempotencyKey: randomUUID() });
    await grant(user, 100);
    const key = randomUUID();
    expect(await exchange(user, 100, key)).toMatchObject({ status: 200, body: { state: 'refused' } });
    expect(await exchange(user, 100, key)).toMatchObject({ status: 200, body: { state: 'refused' } });
    expect(await balance(user)).toEqual({ balance: 100, available: 100 });
    expect((await history(user)).map(({ kind }) => kind)).toEqual(['return', 'exchange', 'earn']);
    expect(await engagement.balanceOf(user)).toBe(most);
  });

  it('cannot be spent once their time is up, whether or not the task has run', async () => {
    const user = await engagement.user();
    await grant(user, 100, 10);
    await grant(user, 50, 20);
    await expireFirst(user, 1);
    expect(await balance(user)).toEqual({ balance: 150, available: 50 });
    expect(await exchange(user, 60)).toMatchObject({ status: 402, body: { details: { available: 50 } } });
    expect(await runTask()).toEqual({ lots: 1, points: 100, completed: 0 });
    expect(await balance(user)).toEqual({ balance: 50, available: 50 });
    expect(await history(user)).toMatchObject([{ kind: 'expire', points: -100, balance_after: 50 }, {}, {}]);
  });

  it('expire once by two runs at once, while others spend them', async () => {
    const users = await engagement.users(12);
    await Promise.all(users.flatMap((user) => [grant(user, 10, 1), grant(user, 20, 2), grant(user, 30, 3)]));
    await Promise.all(users.map((user) => expireFirst(user, 2)));
    const runs = await Promise.all([
      runTask(),
      ...users.map((user) => exchange(user, 30)),
      runTask(),
      runTask(),
    ]);
    const lotsExpired = runs.reduce((sum, run) => sum + ('lots' in run ? run['lots'] : 0), 0);
    expect(lotsExpired).toBe(24);
    for (const user of users) {
      expect(await balance(user)).toEqual({ balance: 0, available: 0 });
      expect(await engagement.balanceOf(user)).toBe(30n * PER_POINT);
    }
  });

  it('do not expire by a run that is told to stop', async () => {
    const user = await engagement.user();
    await grant(user, 10);
    await expireFirst(user, 1);
    const stopped = await engagement.run(CheckExpiredPointsHandler, AbortSignal.abort());
    expect(stopped).toEqual({ lots: 0, points: 0, completed: 0 });
    expect(await runTask()).toMatchObject({ lots: 1 });
  });

  it('add up as in a model, whatever happens in what order', async () => {
    const service = engagement.test.app.get(PointService);
    const doStep = async (user: TestUser, step: PointStep, index: number): Promise<boolean> => {
      if (step.kind === 'age') await expireFirst(user, step.lots);
      else if (step.kind === 'expire') await runTask();
      else if (step.kind === 'earn') {
        const { points, validDays } = step;
        await service.earnPoints({ id: randomUUID(), userId: user.id, points, validDays, reason: 'rule' });
      } else return (await exchange(user, step.points, String(index))).status === 200;
      return true;
    };
    await fc.assert(
      fc.asyncProperty(pointSteps, async (steps) => {
        const user = await engagement.user();
        const model = new PointModel();
        for (const [index, step] of steps.entries())
          expect(await doStep(user, step, index), `step ${index}`).toBe(model.do(step));
        expect(await balance(user)).toEqual(model.balance());
        const remaining = (await lots(user)).map((lot) => lot.remaining);
        expect(remaining.sort((a, b) => a - b)).toEqual(model.remaining());
        expect(await engagement.balanceOf(user)).toBe(BigInt(model.exchanged) * PER_POINT);
        await engagement.expectPointsToBalance();
      }),
      { numRuns: 12 },
    );
  }, 90_000);
});

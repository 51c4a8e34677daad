import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UserErasure } from '../../src/modules/auth/index.js';
import { ChangeCollector } from '../../src/modules/statistics/change-collector.service.js';
import { StatisticsComputer } from '../../src/modules/statistics/statistics-computer.service.js';
import { StatisticsDueRepository } from '../../src/modules/statistics/statistics-due.repository.js';
import { formatCoins } from '../../src/shared/money.js';
import { TestChatter } from '../factories/chat.js';
import { COIN, TestMarketplace } from '../factories/marketplace.js';
import { TestTurns } from '../factories/turns.js';
import type { TestUser } from '../factories/users.js';

describe('the statistics of users', () => {
  let market: TestMarketplace;
  beforeEach(async () => {
    market = await TestMarketplace.create({ LOCKKEEPER_MARKETPLACE_MAX_POSTED: '1000' });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await market.close();
  });

  const ownOf = async (user: TestUser) => (await market.call(user, 'GET', '/api/account/statistics')).body;
  const query = <T>(sql: string, values: unknown[] = []) => market.transactions.single.query<T>(sql, values);
  /** As if all that happened until now had been looked at long ago. */
  const forgetOverlap = () =>
    query(`UPDATE statistics_passes SET since = UTC_TIMESTAMP(3) + INTERVAL 1 MICROSECOND`);
  const countRows = async (): Promise<number> => {
    const [row] = await query<[{ n: string }]>('SELECT COUNT(*) AS n FROM user_statistics');
    return Number(row.n);
  };

  /** Errands of as many users, all changed at one time. */
  async function manyErrands(count: number, secondsAgo = 0): Promise<void> {
    const rows = Array.from({ length: count }, () => [randomUUID(), randomUUID(), randomUUID()]);
    await query(
      `INSERT INTO errands (id, poster_id, state, outcome, title, description, reward, payment, deadline_at,
         request_key, request_hash, created_at, changed_at)
       VALUES ${rows
         .map(
           () => `(?, ?, 'cancelled', 'expired', 't', 'd', 1, 0, UTC_TIMESTAMP(3), UNHEX(SHA2(?, 256)),
             UNHEX(SHA2('', 256)), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) - INTERVAL ${secondsAgo} SECOND)`,
         )
         .join(', ')}`,
      rows.flat(),
    );
  }

  it('are zeros for somebody to whom nothing happened', async () => {
    const user = await market.userWith(0n);
    await market.updateStatistics();
    expect(await ownOf(user)).toEqual({
      user_id: user.id,
      tasks_posted: 0,
      tasks_completed: 0,
      tasks_cancelled: 0,
      tasks_done: 0,
      coins_earned: '0.000000',
      coins_spent: '0.000000',
      coins_received: '0.000000',
      conversations: 0,
      turns: 0,
      last_activity_at: null,
      computed_at: null,
    });
  });

  it('count errands, coins, conversations and turns', async () => {
    const chatter = await TestChatter.create(market.test, '100');
    const turns = new TestTurns(market.test);
    const expert = await market.expert();
    const first = await chatter.say('one');
    await chatter.say('two', 'local', first.conversationId);
    await chatter.say('three');
    await turns.saveAll();
    const { user } = chatter;
    await market.postedBy(user);
    await market.step(user, await market.postedBy(user), 'cancel');
    await market.step(user, await market.deliveredBy(user, expert), 'confirm');
    await market.decide(await market.disputedBy(user, expert), '2.5');
    await market.updateStatistics();
    const { account } = await market.books(user);
    const statistics = await ownOf(user);
    expect(statistics).toMatchObject({
      tasks_posted: 4,
      tasks_completed: 2,
      tasks_cancelled: 1,
      tasks_done: 0,
      coins_earned: '0.000000',
      coins_spent: formatCoins(100n * COIN - account.balance),
      coins_received: '100.000000',
      conversations: 2,
      turns: 3,
      computed_at: expect.any(String),
    });
    expect(Date.parse(statistics.last_activity_at)).toBeGreaterThan(Date.now() - 60_000);
    expect(await ownOf(expert)).toMatchObject({
      tasks_posted: 0,
      tasks_done: 2,
      coins_earned: '12.500000',
      coins_received: '12.500000',
      coins_spent: '0.000000',
    });
    await market.call(user, 'DELETE', `/api/conversations/${first.conversationId}`);
    await market.updateStatistics();
    expect(await ownOf(user)).toMatchObject({ conversations: 1, turns: 1 });
    await turns.close();
  });

  it('are computed anew for those alone to whom something happened', async () => {
    const users = await Promise.all(Array.from({ length: 4 }, () => market.userWith(100n)));
    expect(await market.updateStatistics()).toEqual({ noted: 4, computed: 4 });
    await forgetOverlap();
    expect(await market.updateStatistics()).toEqual({ noted: 0, computed: 0 });
    const [a, b] = users as [TestUser, TestUser];
    await forgetOverlap();
    await market.postedBy(a);
    await market.grant(b.id, 5n);
    expect(await market.updateStatistics()).toMatchObject({ computed: 2 });
    expect(await ownOf(a)).toMatchObject({ tasks_posted: 1, coins_received: '100.000000' });
    expect(await ownOf(b)).toMatchObject({ tasks_posted: 0, coins_received: '100.000005' });
  });

  it('find what was committed late, with a time before the last run', async () => {
    await market.updateStatistics();
    const before = await countRows();
    await manyErrands(3, 240);
    await market.updateStatistics();
    expect(await countRows()).toBe(before + 3);
  });

  it('are computed for more users than a page and a batch have, all changed at the same time', async () => {
    await manyErrands(2_300);
    await manyErrands(2_300);
    await market.updateStatistics();
    const [row] = await query<[{ n: string; posted: string }]>(
      'SELECT COUNT(*) AS n, SUM(tasks_posted) AS posted FROM user_statistics',
    );
    expect([Number(row.n), Number(row.posted)]).toEqual([4_600, 4_600]);
  });

  it('go on where a run was cut off, while it looked for changes and while it computed', async () => {
    await manyErrands(5_000);
    const due = market.get(StatisticsDueRepository);
    const note = due.note.bind(due);
    let pages = 0;
    vi.spyOn(due, 'note').mockImplementation((pass, ids, place) => {
      if (pass.source === 'errands' && ++pages === 3) return Promise.reject(new Error('gone'));
      return note(pass, ids, place);
    });
    await expect(market.updateStatistics()).rejects.toThrow('gone');
    vi.restoreAllMocks();
    expect(await countRows()).toBe(0);
    const goneOn = vi.spyOn(due, 'note');
    const computer = market.get(StatisticsComputer);
    const some = computer.computeSome.bind(computer);
    let batches = 0;
    vi.spyOn(computer, 'computeSome').mockImplementation((userIds) =>
      ++batches === 4 ? Promise.reject(new Error('gone again')) : some(userIds),
    );
    await expect(market.updateStatistics({ attempt: 2 })).rejects.toThrow('gone again');
    const computedBefore = await countRows();
    expect(computedBefore).toBeGreaterThanOrEqual(3 * 10);
    expect(computedBefore).toBeLessThan(5_000);
    // Of the five pages of errands three were left to note, and then that there are no more.
    expect(goneOn.mock.calls.filter(([pass]) => pass.source === 'errands')).toHaveLength(4);
    vi.restoreAllMocks();
    await forgetOverlap();
    expect(await market.updateStatistics({ attempt: 3 })).toEqual({
      noted: 0,
      computed: 5_000 - computedBefore,
    });
    expect(await countRows()).toBe(5_000);
  });

  it('come out exact from runs at the same time, and add no coins twice', async () => {
    const users = await Promise.all(Array.from({ length: 12 }, () => market.userWith(50n)));
    const expert = await market.expert();
    for (const user of users.slice(0, 4)) {
      await market.step(user, await market.deliveredBy(user, expert), 'confirm');
    }
    for (let round = 0; round < 3; round++) {
      await Promise.all([market.updateStatistics(), market.updateStatistics(), market.updateStatistics()]);
      await market.grant(users[0]?.id ?? '', COIN);
    }
    await market.updateStatistics();
    expect(await ownOf(users[0] as TestUser)).toMatchObject({
      coins_spent: '10.000000',
      coins_received: '53.000000',
    });
    expect(await ownOf(users[11] as TestUser)).toMatchObject({ coins_received: '50.000000' });
    expect(await ownOf(expert)).toMatchObject({ tasks_done: 4, coins_earned: '40.000000' });
  });

  it('are not written from what was read before a change that another run has noted', async () => {
    const user = await market.userWith(50n);
    await market.postedBy(user);
    const erasure = market.get(UserErasure);
    const findErased = erasure.findErased.bind(erasure);
    vi.spyOn(erasure, 'findErased').mockImplementationOnce(async (ids) => {
      // The counts are read by now.
      await market.postedBy(user);
      await market.get(ChangeCollector).collect(new AbortController().signal);
      return findErased(ids);
    });
    expect(await market.updateStatistics()).toMatchObject({ computed: 0 });
    expect(await ownOf(user)).toMatchObject({ computed_at: null });
    await market.updateStatistics();
    expect(await ownOf(user)).toMatchObject({ tasks_posted: 2 });
  });

  it('are listed for operators by pages, the latest active first', async () => {
    const users: TestUser[] = [];
    for (let n = 0; n < 3; n++) {
      const user = await market.userWith(50n);
      users.push(user);
      await market.postedBy(user);
    }
    await market.updateStatistics();
    const url = '/api/admin/statistics/users';
    const found: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await market.call(market.operator, 'GET', `${url}?limit=1${cursor}`);
      found.push(...body.items.map((item: { user_id: string }) => item.user_id));
      if (body.next_cursor === null) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect(found).toEqual(users.map((user) => user.id).toReversed());
    expect((await market.call(users[0], 'GET', url)).status).toBe(403);
  });
});

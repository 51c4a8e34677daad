import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation } from '../../src/modules/coin-account/domain/decision.js';
import { grant, type GrantResult } from '../../src/modules/coin-account/domain/ledger.js';
import { expectBooksToBalance } from '../factories/coin-books.js';
import { TestCoins } from '../factories/coins.js';
import { createTestApp } from '../factories/test-app.js';
import { bearer, createUser } from '../factories/users.js';

const HOT_CALLERS = 256;
const COLD_OPERATIONS = 25;
/** What a busy machine may add; the exact figure is the benchmark's. */
const SLACK_MS = 250;

/** A grant that does not come from the service, to be run by the lines as it is. */
function grantOf(accountId: string, change: Partial<Operation<GrantResult>> = {}): Operation<GrantResult> {
  const idempotencyKey = randomUUID();
  const request = { amount: 5n, reason: 'purchase' as const, actor: 'operator', idempotencyKey };
  return { accountId, idempotencyKey, decide: (facts) => grant(facts, request), ...change };
}

describe('operations in one group', () => {
  let coins: TestCoins;
  beforeAll(async () => {
    coins = await TestCoins.create();
  });
  afterAll(() => coins.close());

  it('are done though one of them is refused for lack of coins', async () => {
    const accountId = await coins.accountWith(9n);
    const ended = randomUUID();
    const outcomes = await coins.inOneGroup(accountId, [
      () => coins.hold(accountId, 6n, ended),
      () => coins.hold(accountId, 5n),
      () => coins.settle(accountId, ended, 2n),
      () => coins.hold(accountId, 8n),
      () => coins.grant(accountId, 3n),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'insufficient_coins' } });
    const { account } = await expectBooksToBalance(coins.transactions, accountId);
    expect(account).toMatchObject({ balance: 11n, frozen: 8n });
  });

  it('are done though the database does not take what one of them would write', async () => {
    const accountId = await coins.accountWith(9n);
    const poison = grantOf(accountId);
    const tooLong = { reason: 'x'.repeat(65) };
    const outcomes = await coins.inOneGroup(accountId, [
      () => coins.grant(accountId, 2n),
      () =>
        coins.lines.execute({
          ...poison,
          decide: (facts) => {
            const decision = poison.decide(facts);
            if (decision.kind !== 'apply') return decision;
            return { ...decision, entries: decision.entries.map((entry) => ({ ...entry, ...tooLong })) };
          },
        }),
      () => coins.hold(accountId, 4n),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const { account } = await expectBooksToBalance(coins.transactions, accountId);
    expect(account).toMatchObject({ balance: 12n, frozen: 4n });
  });

  it('are done though the rule of one of them throws', async () => {
    const accountId = await coins.accountWith(9n);
    const fault = new Error('a fault of ours');
    const decide = () => {
      throw fault;
    };
    const outcomes = await coins.inOneGroup(accountId, [
      () => coins.lines.execute(grantOf(accountId, { decide })),
      () => coins.grant(accountId, 2n),
    ]);
    expect(outcomes).toMatchObject([{ status: 'rejected', reason: fault }, { status: 'fulfilled' }]);
    const { account } = await expectBooksToBalance(coins.transactions, accountId);
    expect(account.balance).toBe(12n);
  });

  it('are done without one that was cancelled while it waited', async () => {
    const accountId = await coins.accountWith(9n);
    const gone = new AbortController();
    const outcomes = await coins.inOneGroup(accountId, [
      () => coins.grant(accountId, 2n),
      () => {
        const waiting = coins.lines.execute(grantOf(accountId), gone.signal);
        gone.abort(new Error('nobody waits'));
        return waiting;
      },
    ]);
    expect(outcomes).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { message: 'nobody waits' } },
    ]);
    const { account } = await expectBooksToBalance(coins.transactions, accountId);
    expect(account.balance).toBe(12n);
  });

  it('on an account that nobody knows are refused and leave nothing', async () => {
    const [accountId, holdId] = [randomUUID(), randomUUID()];
    const acts = [
      coins.settle(accountId, holdId, 1n),
      coins.release(accountId, holdId),
      coins.penalize(accountId, 1n, holdId),
    ];
    for (const act of acts) await expect(act).rejects.toMatchObject({ code: 'hold_not_found' });
    const rows: unknown[] = await coins.transactions.single.query(
      'SELECT id FROM coin_accounts WHERE id = ?',
      [accountId],
    );
    expect(rows).toEqual([]);
  });

  it('on a hot account hardly slow a cold one', async () => {
    const [hot, cold] = [await coins.accountWith(1_000_000n), await coins.accountWith(1_000_000n)];
    const coldLatency = async () => {
      const latencies: number[] = [];
      for (let count = 0; count < COLD_OPERATIONS; count++) {
        const startedAt = performance.now();
        await coins.hold(cold, 1n);
        latencies.push(performance.now() - startedAt);
      }
      return latencies.sort((a, b) => a - b)[Math.floor(COLD_OPERATIONS / 2)] ?? 0;
    };
    await coldLatency();
    const aloneMs = await coldLatency();
    let isOver = false;
    let hotOperations = 0;
    const callers = Array.from({ length: HOT_CALLERS }, async () => {
      for (; !isOver; hotOperations++) await coins.hold(hot, 1n);
    });
    const besideMs = await coldLatency();
    isOver = true;
    await Promise.all(callers);
    expect(hotOperations).toBeGreaterThan(HOT_CALLERS);
    expect(besideMs).toBeLessThan(2 * aloneMs + SLACK_MS);
  });
});

describe('an account that more wait for than may', () => {
  it('answers 429 with Retry-After, and does what is tried again once', async () => {
    const test = await createTestApp({
      LOCKKEEPER_COIN_MAX_WAITING: '2',
      LOCKKEEPER_COIN_GROUP_SIZE: '1',
    });
    const [operator, user] = [await createUser(test, { role: 'operator' }), await createUser(test)];
    const grantOnce = (index: number) =>
      test.app.inject({
        method: 'POST',
        url: `/api/coins/accounts/${user.id}/grants`,
        headers: { ...bearer(operator.apiKey), 'idempotency-key': `grant-${index}` },
        payload: { amount: '1', reason: 'purchase' },
      });
    let left = Array.from({ length: 40 }, (_, index) => index);
    let refused = 0;
    while (left.length > 0) {
      const answers = await Promise.all(left.map(grantOnce));
      const busy = answers.filter((answer) => answer.statusCode !== 200);
      for (const answer of busy) {
        expect([answer.statusCode, answer.json().code]).toEqual([429, 'account_busy']);
        expect(answer.headers['retry-after']).toBe('1');
      }
      refused += busy.length;
      left = left.filter((_, index) => answers[index]?.statusCode !== 200);
    }
    expect(refused).toBeGreaterThan(0);
    const account = await test.app.inject({ url: '/api/coins/account', headers: bearer(user.apiKey) });
    expect(account.json()).toMatchObject({ balance: '40.000000' });
    await test.close();
  });
});

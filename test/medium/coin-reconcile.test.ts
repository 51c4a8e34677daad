import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  CoinAccountService,
  type ReconciliationReport,
  ReconciliationService,
} from '../../src/modules/coin-account/index.js';
import { ReconciliationRepository } from '../../src/modules/coin-account/books/reconciliation.repository.js';
import { ReconcileBooksHandler } from '../../src/modules/coin-account/tasks/reconcile-books.handler.js';
import { Transactions } from '../../src/platform/database/index.js';
import { newId } from '../../src/shared/ids.js';
import { saveAllTurns, TestChatter } from '../factories/chat.js';
import { TestCoins } from '../factories/coins.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestWorker } from '../factories/test-worker.js';
import { waitUntil } from '../factories/wait.js';
import { bearer, createUser } from '../factories/users.js';

/** What was found, as `kind: count`. */
function countsOf(report: ReconciliationReport): Record<string, number> {
  const found = report.kinds.filter(({ count }) => count > 0);
  expect(report.isClean).toBe(found.length === 0);
  return Object.fromEntries(found.map(({ kind, count }) => [kind, count]));
}

describe('reconciling the ledger', () => {
  let coins: TestCoins;
  beforeAll(async () => {
    coins = await TestCoins.create();
  });
  // Each finds what it broke itself.
  afterEach(() => coins.forgetAll());
  afterAll(() => coins.close());

  const reconcile = () => coins.reconciliation.reconcile();
  const sql = (statement: string, ...values: unknown[]) => coins.transactions.single.query(statement, values);

  /** An account with every kind of entry and hold. */
  async function busyAccount(): Promise<{
    accountId: string;
    open: string;
    settled: string;
    released: string;
  }> {
    const accountId = await coins.accountWith(100n);
    const ids = { open: newId(), settled: newId(), released: newId(), expired: newId(), penalized: newId() };
    for (const id of Object.values(ids)) await coins.hold(accountId, 10n, id);
    await coins.settle(accountId, ids.settled, 7n);
    await coins.release(accountId, ids.released);
    await coins.makeOverdue(ids.expired);
    while ((await coins.service.expireHolds(100)) > 0);
    await coins.penalize(accountId, 500n, ids.penalized);
    await coins.grant(accountId, 1_000n);
    await coins.service.setBlocked({ accountId, isBlocked: true, actor: 'operator', note: 'n' });
    return { accountId, ...ids };
  }

  it('finds nothing in books that agree', async () => {
    for (let n = 0; n < 3; n++) await busyAccount();
    const report = await reconcile();
    expect(countsOf(report)).toEqual({});
    expect(report.looked).toEqual({ accounts: 3 });
  });

  it('finds nothing while many operations run', async () => {
    const accounts = await Promise.all(Array.from({ length: 5 }, () => coins.accountWith(1_000_000n)));
    const work = { isDone: false };
    const all = Promise.all(
      accounts.map(async (accountId) => {
        for (let n = 0; n < 40; n++) {
          const held = await Promise.all(Array.from({ length: 5 }, () => coins.hold(accountId, 10n)));
          await Promise.all(held.map(({ id }, index) => coins.settle(accountId, id, BigInt(index))));
        }
      }),
    ).finally(() => (work.isDone = true));
    let rounds = 0;
    do {
      expect(countsOf(await reconcile())).toEqual({});
      rounds++;
    } while (!work.isDone);
    await all;
    expect(rounds).toBeGreaterThan(1);
  });

  it.each([
    ['balance', 'UPDATE coin_accounts SET balance = balance + 1 WHERE id = ?'],
    ['frozen', 'UPDATE coin_accounts SET frozen = frozen - 1 WHERE id = ?'],
    ['debt', 'UPDATE coin_accounts SET debt = debt + 1 WHERE id = ?'],
    ['sequence', 'UPDATE coin_accounts SET journal_sequence = journal_sequence + 1 WHERE id = ?'],
    ['blocked', 'UPDATE coin_accounts SET is_blocked = 0 WHERE id = ?'],
    ['open_holds', "UPDATE coin_holds SET amount = 11 WHERE status = 'open' AND account_id = ?"],
    ['account_missing', 'DELETE FROM coin_accounts WHERE id = ?'],
    ['hold_opening', "UPDATE coin_holds SET opened_sequence = 1 WHERE status = 'open' AND account_id = ?"],
    ['hold_ending', "UPDATE coin_holds SET settled_amount = 8 WHERE status = 'settled' AND account_id = ?"],
    ['hold_ending', "UPDATE coin_holds SET status = 'released' WHERE status = 'expired' AND account_id = ?"],
    ['hold_ending', "UPDATE coin_holds SET ended_sequence = 3 WHERE status = 'open' AND account_id = ?"],
    ['entry_without_hold', "DELETE FROM coin_holds WHERE status = 'released' AND account_id = ? LIMIT 1"],
    ['balance', "DELETE FROM coin_journal WHERE kind = 'grant' AND account_id = ?"],
  ])('finds %s after %s', async (kind, statement) => {
    await busyAccount();
    const { accountId } = await busyAccount();
    await sql(statement, accountId);
    const report = await reconcile();
    expect(Object.keys(countsOf(report))).toContain(kind);
    const accounts = report.kinds.flatMap(({ examples }) => examples.map((example) => example.accountId));
    expect(new Set(accounts)).toEqual(new Set([accountId]));
  });

  it('counts all disagreements of a kind and shows some', async () => {
    const accountId = await coins.accountWith(1_000n);
    for (let n = 0; n < 15; n++) await coins.hold(accountId, 1n);
    await sql('UPDATE coin_holds SET amount = 2 WHERE account_id = ?', accountId);
    const { kinds } = await reconcile();
    const openings = kinds.find(({ kind }) => kind === 'hold_opening');
    expect([openings?.count, openings?.examples.length]).toEqual([15, 10]);
  });

  it('goes through more accounts than one batch has', async () => {
    const { accountId } = await busyAccount();
    await sql(
      `INSERT INTO coin_accounts SELECT UUID(), 0, 0, 0, 0, 0, journal_hash, created_at, updated_at
       FROM coin_accounts, seq_1_to_1100 WHERE id = ?`,
      accountId,
    );
    const report = await reconcile();
    expect([countsOf(report), report.looked]).toEqual([{}, { accounts: 1_101 }]);
    await sql('UPDATE coin_accounts SET debt = 1 WHERE balance = 0');
    expect(countsOf(await reconcile())).toEqual({ debt: 1_100 });
  });

  it('ends when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(coins.reconciliation.reconcile({ signal })).rejects.toThrow('enough');
  });
});

describe('reconciling turns', () => {
  let test: TestApp;
  let transactions: Transactions;
  beforeAll(async () => {
    test = await createTestApp({ LOCKKEEPER_CHAT_VIOLATION_PENALTY: '2' });
    transactions = test.app.get(Transactions);
  });
  afterAll(() => test.close());

  const reconcile = async () => countsOf(await test.app.get(ReconciliationService).reconcile());
  const sql = (statement: string, ...values: unknown[]) => transactions.single.query(statement, values);

  /** Turns and their holds look as if they had ended two hours ago. */
  const makeOld = () => sql('UPDATE coin_holds SET ended_at = ended_at - INTERVAL 2 HOUR');

  async function savedTurn(
    model = 'local',
  ): Promise<{ turnId: string; conversationId: string; chatter: TestChatter }> {
    const chatter = await TestChatter.create(test);
    const { turnId, conversationId } = await chatter.say('Hello', model);
    await saveAllTurns(test);
    return { turnId, conversationId, chatter };
  }

  it('finds nothing after turns of every outcome, saved, waiting or erased', async () => {
    for (const model of ['local', 'local:fail_after=0', 'local:fail_after=2', 'local:violate_after=2']) {
      const chatter = await TestChatter.create(test);
      await chatter.say('Hello', model);
    }
    expect(await reconcile()).toEqual({});
    await saveAllTurns(test);
    const saved = await savedTurn();
    const waiting = await saved.chatter.say('Again', 'local', saved.conversationId);
    expect(waiting.status).toBe(200);
    const deleted = await test.app.inject({
      method: 'DELETE',
      url: `/api/conversations/${saved.conversationId}`,
      headers: saved.chatter.headers,
    });
    expect(deleted.statusCode).toBe(204);
    await saveAllTurns(test);
    await makeOld();
    expect(await reconcile()).toEqual({});
  });

  it('finds a turn that says another cost', async () => {
    const { turnId } = await savedTurn();
    await sql('UPDATE turns SET cost_micro_coins = cost_micro_coins + 1 WHERE id = ?', turnId);
    expect(await reconcile()).toEqual({ turn_cost: 1 });
    await sql('UPDATE turns SET cost_micro_coins = cost_micro_coins - 1 WHERE id = ?', turnId);
  });

  it("finds a turn that has no hold, or somebody else's", async () => {
    const { turnId, chatter } = await savedTurn();
    const setOwner = (id: string) => sql('UPDATE turns SET owner_id = ? WHERE id = ?', id, turnId);
    await setOwner(randomUUID());
    expect(await reconcile()).toEqual({ turn_without_hold: 1 });
    await setOwner(chatter.user.id);
  });

  it('finds a turn whose hold is still open', async () => {
    const { turnId } = await savedTurn('local:fail_after=0');
    await sql("UPDATE coin_holds SET status = 'open' WHERE id = ?", turnId);
    expect(await reconcile()).toMatchObject({ turn_hold_open: 1 });
    await sql("UPDATE coin_holds SET status = 'released' WHERE id = ?", turnId);
  });

  it('finds a violation that was not charged the penalty', async () => {
    const { turnId } = await savedTurn('local:fail_after=0');
    await sql("UPDATE turns SET status = 'violation' WHERE id = ?", turnId);
    expect(await reconcile()).toEqual({ turn_penalty: 1 });
    await sql("UPDATE turns SET status = 'failed' WHERE id = ?", turnId);
  });

  it('finds charges whose turns are lost, once they had time to be saved', async () => {
    for (const model of ['local', 'local:violate_after=2']) {
      const { turnId } = await savedTurn(model);
      await sql('DELETE FROM turns WHERE id = ?', turnId);
      await sql('UPDATE coin_holds SET ended_at = UTC_TIMESTAMP(3) WHERE id = ?', turnId);
    }
    const { turnId: refunded } = await savedTurn('local:fail_after=0');
    await sql('DELETE FROM turns WHERE id = ?', refunded);
    const before = await reconcile();
    await makeOld();
    expect([before, await reconcile()]).toEqual([{}, { hold_without_turn: 2 }]);
  });
});

describe('the periodic reconciliation', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  async function metrics(): Promise<string> {
    const operator = await createUser(test, { role: 'operator' });
    return (await test.app.inject({ url: '/metrics', headers: bearer(operator.apiKey) })).body;
  }

  /** A reading is kept for a second. */
  const metricsWith = (pattern: RegExp) =>
    waitUntil(String(pattern), async () => {
      const text = await metrics();
      return pattern.test(text) && text;
    });

  it('is kept for each due time, a second try in the place of the first, and shown to Prometheus', async () => {
    const worker = await createTestWorker(test.environment);
    const transactions = test.app.get(Transactions);
    try {
      const accountId = randomUUID();
      await test.app.get(CoinAccountService).grantCoins({
        accountId,
        amount: 5n,
        reason: 'coupon',
        actor: 'operator',
        idempotencyKey: 'k',
      });
      await transactions.single.query('UPDATE coin_accounts SET balance = 6, debt = 1 WHERE id = ?', [
        accountId,
      ]);
      const handler = worker.get(ReconcileBooksHandler);
      const { signal } = new AbortController();
      const hour = (number: number) => new Date(Date.UTC(2026, 0, 1, number));
      const count = async () => {
        const [row] = await transactions.single.query<[{ count: string }]>(
          'SELECT COUNT(*) AS count FROM coin_reconciliations',
        );
        return Number(row.count);
      };
      await expect(handler.run({ dueAt: hour(1), signal: AbortSignal.abort() })).rejects.toThrow();
      expect(await count()).toBe(0);
      // An old one is forgotten with the first that is kept.
      expect(await handler.run({ dueAt: hour(1), signal })).toMatchObject({ disagreements: 2 });
      await handler.run({ dueAt: new Date(), signal });
      expect(await count()).toBe(1);
      const text = await metricsWith(/^lockkeeper_coin_disagreements\{kind="balance"\} 1$/m);
      expect(text).toMatch(/^lockkeeper_coin_disagreements\{kind="debt"\} 1$/m);
      expect(text).toMatch(/^lockkeeper_coin_disagreements\{kind="turn_cost"\} 0$/m);
      expect(text).toMatch(/^lockkeeper_coin_reconciled_timestamp_seconds \d{10}/m);
      await transactions.single.query('UPDATE coin_accounts SET balance = 5, debt = 0 WHERE id = ?', [
        accountId,
      ]);
      const next = new Date(Date.now() + 3_600_000);
      await handler.run({ dueAt: next, signal });
      await handler.run({ dueAt: next, signal });
      expect(await count()).toBe(2);
      await metricsWith(/^lockkeeper_coin_disagreements\{kind="balance"\} 0$/m);
    } finally {
      await worker.close();
    }
  });

  it('leaves /metrics readable when the last report is not', async () => {
    const repository = test.app.get(ReconciliationRepository, { strict: false });
    const findLast = vi.spyOn(repository, 'findLast').mockRejectedValue(new Error('no'));
    try {
      const text = await waitUntil('a reading', async () => {
        const now = await metrics();
        return !now.includes('lockkeeper_coin_disagreements') && now;
      });
      expect(text).toContain('process_cpu_seconds_total');
      expect(findLast).toHaveBeenCalled();
    } finally {
      findLast.mockRestore();
    }
  });
});

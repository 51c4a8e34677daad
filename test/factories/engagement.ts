import type { INestApplicationContext, Type } from '@nestjs/common';
import { expect } from 'vitest';
import { CoinAccountService, ReconciliationService } from '../../src/modules/coin-account/index.js';
import { Transactions } from '../../src/platform/database/index.js';
import type { PeriodicTaskHandler, TaskOutcome } from '../../src/platform/schedule/index.js';
import { createTestApp, type TestApp } from './test-app.js';
import { pauseSchedules } from './paused-schedules.js';
import { createTestWorker } from './test-worker.js';
import { bearer, createUser, type TestUser } from './users.js';

/** What tests look at in an answer. */
export interface Answer<B = Record<string, unknown>> {
  status: number;
  body: B;
}

interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** Coupons, invitations, points and activities over HTTP, with an operator, and the worker that runs their tasks. */
export class TestEngagement {
  readonly transactions: Transactions;
  readonly coins: CoinAccountService;

  private constructor(
    readonly test: TestApp,
    readonly worker: INestApplicationContext,
    readonly operator: TestUser,
  ) {
    this.transactions = test.app.get(Transactions);
    this.coins = test.app.get(CoinAccountService);
  }

  static async create(settings: Record<string, string> = {}): Promise<TestEngagement> {
    const test = await createTestApp({ LOCKKEEPER_CODE_ATTEMPTS_PER_HOUR: '1000', ...settings });
    await pauseSchedules(test.environment);
    const worker = await createTestWorker(test.environment);
    return new TestEngagement(test, worker, await createUser(test, { role: 'operator' }));
  }

  async close(): Promise<void> {
    await this.worker.close();
    await this.test.close();
  }

  user(): Promise<TestUser> {
    return createUser(this.test);
  }

  users(count: number): Promise<TestUser[]> {
    return Promise.all(Array.from({ length: count }, () => this.user()));
  }

  async call<B = Record<string, unknown>>(
    method: 'GET' | 'POST' | 'PUT',
    url: string,
    user: TestUser = this.operator,
    payload?: object,
    headers: Record<string, string> = {},
  ): Promise<Answer<B>> {
    const answer = await this.test.app.inject({
      method,
      url,
      headers: { ...bearer(user.apiKey), ...headers },
      ...(payload && { payload }),
    });
    return { status: answer.statusCode, body: answer.json<B>() };
  }

  /** All items of a list, read in pages of `limit`. */
  async readAll<T>(url: string, user: TestUser, limit: number): Promise<T[]> {
    const items: T[] = [];
    for (let cursor = ''; ;) {
      const { body } = await this.call<Page<T>>('GET', `${url}?limit=${limit}${cursor}`, user);
      expect(body.items.length).toBeLessThanOrEqual(limit);
      items.push(...body.items);
      if (body.next_cursor === null) return items;
      cursor = `&cursor=${body.next_cursor}`;
    }
  }

  /** Runs a task's handler in the worker, as the scheduler does. */
  run(
    handler: Type<PeriodicTaskHandler>,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<TaskOutcome> {
    return this.worker.get(handler).run({ dueAt: new Date(), attempt: 1, signal });
  }

  sql<R = Record<string, unknown>>(statement: string, ...values: unknown[]): Promise<R[]> {
    return this.transactions.single.query(statement, values);
  }

  /** The balance in micro-coins. */
  async balanceOf(user: TestUser): Promise<bigint> {
    return (await this.coins.accountOf(user.id)).balance;
  }

  /** Expects that no book of coins disagrees with another. */
  async expectCleanBooks(): Promise<void> {
    const report = await this.test.app.get(ReconciliationService).reconcile();
    expect(report.kinds.filter(({ count }) => count > 0)).toEqual([]);
  }

  /** Expects of all points that balances, entries and lots agree. */
  async expectPointsToBalance(): Promise<void> {
    const wrong = await this.sql(
      `SELECT a.user_id, a.balance, e.points, e.entries, a.last_sequence, l.remaining FROM point_accounts a
       LEFT JOIN (SELECT user_id, SUM(points) AS points, COUNT(*) AS entries FROM point_entries GROUP BY user_id) e
         ON e.user_id = a.user_id
       LEFT JOIN (SELECT user_id, SUM(remaining) AS remaining FROM point_lots WHERE state = 'open' GROUP BY user_id) l
         ON l.user_id = a.user_id
       WHERE a.balance <> COALESCE(e.points, 0) OR a.balance <> COALESCE(l.remaining, 0)
          OR a.last_sequence <> COALESCE(e.entries, 0)`,
    );
    expect(wrong).toEqual([]);
    const unmarked = await this.sql(`SELECT id FROM point_lots WHERE (remaining = 0) <> (state <> 'open')`);
    expect(unmarked).toEqual([]);
  }

  async auditOf(subjectId: string): Promise<string[]> {
    const rows = await this.sql<{ action: string }>(
      'SELECT action FROM audit_log WHERE subject_id = ? ORDER BY id',
      subjectId,
    );
    return rows.map(({ action }) => action);
  }
}

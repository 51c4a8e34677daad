import { randomUUID } from 'node:crypto';
import type { Type } from '@nestjs/common';
import { CoinAccountService, ReconciliationService } from '../../src/modules/coin-account/index.js';
import { DueErrandRepository } from '../../src/modules/marketplace/due-errand.repository.js';
import { ErrandPosting } from '../../src/modules/marketplace/errand-posting.service.js';
import { ErrandSettlement } from '../../src/modules/marketplace/errand-settlement.service.js';
import { ResponseTimeRepository } from '../../src/modules/marketplace/response-time.repository.js';
import { CancelExpiredTasksHandler } from '../../src/modules/marketplace/tasks/cancel-expired-tasks.handler.js';
import { UpdateFeaturedTaskExpertsResponseTimeHandler } from '../../src/modules/marketplace/tasks/update-featured-task-experts-response-time.handler.js';
import { ChangeCollector } from '../../src/modules/statistics/change-collector.service.js';
import { StatisticsComputer } from '../../src/modules/statistics/statistics-computer.service.js';
import { StatisticsDueRepository } from '../../src/modules/statistics/statistics-due.repository.js';
import { UpdateAllUsersStatisticsHandler } from '../../src/modules/statistics/tasks/update-all-users-statistics.handler.js';
import { Transactions } from '../../src/platform/database/index.js';
import type { TaskRun } from '../../src/platform/schedule/index.js';
import { expectBooksToBalance } from './coin-books.js';
import { createTestApp, type TestApp } from './test-app.js';
import { bearer, createUser, type TestUser } from './users.js';

/** Micro-coins. */
export const COIN = 1_000_000n;

const HOUR_MS = 3_600_000;

/** An answer of the API. Bodies are looked at field by field. */
export interface Answer {
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any;
}

/** The marketplace of an API of a test's own, and its periodic tasks as a worker runs them. */
export class TestMarketplace {
  readonly coins: CoinAccountService;
  readonly transactions: Transactions;

  private constructor(
    readonly test: TestApp,
    readonly operator: TestUser,
  ) {
    this.coins = test.app.get(CoinAccountService);
    this.transactions = test.app.get(Transactions);
  }

  static async create(settings: Record<string, string> = {}): Promise<TestMarketplace> {
    const test = await createTestApp(settings);
    return new TestMarketplace(test, await createUser(test, { role: 'operator' }));
  }

  close(): Promise<void> {
    return this.test.close();
  }

  async call(
    user: TestUser | undefined,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    payload?: object,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const answer = await this.test.app.inject({
      method,
      url,
      headers: { ...(user && bearer(user.accessToken)), ...headers },
      ...(payload && { payload }),
    });
    return { status: answer.statusCode, body: answer.body === '' ? undefined : answer.json() };
  }

  /** A new user with so many coins. */
  async userWith(coins: bigint): Promise<TestUser> {
    const user = await createUser(this.test);
    if (coins > 0n) await this.grant(user.id, coins * COIN);
    return user;
  }

  async grant(accountId: string, amount: bigint): Promise<void> {
    const idempotencyKey = randomUUID();
    await this.coins.grantCoins({ accountId, amount, reason: 'purchase', actor: 'operator', idempotencyKey });
  }

  /** A new user with a profile. */
  async expert(displayName = 'Ada'): Promise<TestUser> {
    const user = await createUser(this.test);
    const profile = { display_name: displayName, bio: 'Ten years of it.', skills: ['proofreading'] };
    await this.call(user, 'PUT', '/api/marketplace/experts/me', profile);
    return user;
  }

  /** Posts an errand; `over` replaces parts of it. */
  post(poster: TestUser, over: object = {}, key: string = randomUUID()): Promise<Answer> {
    const errand = {
      title: 'Proofread my essay',
      description: 'Ten pages about rivers.',
      reward: '10',
      deadline_at: new Date(Date.now() + 24 * HOUR_MS).toISOString(),
      ...over,
    };
    return this.call(poster, 'POST', '/api/marketplace/tasks', errand, key ? { 'idempotency-key': key } : {});
  }

  /** A step of an errand: `accept`, `deliver`, `confirm`, `dispute` or `cancel`. */
  step(user: TestUser, id: string, name: string, payload?: object): Promise<Answer> {
    return this.call(user, 'POST', `/api/marketplace/tasks/${id}/${name}`, payload);
  }

  decide(id: string, payment: string, operator = this.operator): Promise<Answer> {
    const url = `/api/admin/marketplace/tasks/${id}/decision`;
    return this.call(operator, 'POST', url, { payment, note: 'Half of it is there' });
  }

  read(user: TestUser, id: string): Promise<Answer> {
    return this.call(user, 'GET', `/api/marketplace/tasks/${id}`);
  }

  async postedBy(poster: TestUser, over: object = {}): Promise<string> {
    const answer = await this.post(poster, over);
    if (answer.status !== 201) throw new Error(JSON.stringify(answer));
    return answer.body.id as string;
  }

  async acceptedBy(poster: TestUser, expert: TestUser, over: object = {}): Promise<string> {
    const id = await this.postedBy(poster, over);
    const answer = await this.step(expert, id, 'accept');
    if (answer.status !== 200) throw new Error(JSON.stringify(answer));
    return id;
  }

  async deliveredBy(poster: TestUser, expert: TestUser, over: object = {}): Promise<string> {
    const id = await this.acceptedBy(poster, expert, over);
    const answer = await this.step(expert, id, 'deliver', { delivery: 'Here it is.' });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer));
    return id;
  }

  async disputedBy(poster: TestUser, expert: TestUser, over: object = {}): Promise<string> {
    const id = await this.deliveredBy(poster, expert, over);
    const answer = await this.step(poster, id, 'dispute', { reason: 'Half of it is missing.' });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer));
    return id;
  }

  /** As if the time of these errands were up. */
  async makeDue(...ids: string[]): Promise<void> {
    await this.transactions.single.query(
      `UPDATE errands SET due_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND,
         deadline_at = LEAST(deadline_at, UTC_TIMESTAMP(3) - INTERVAL 1 SECOND) WHERE id IN (?)`,
      [ids],
    );
  }

  async errand(id: string): Promise<Record<string, unknown> | undefined> {
    const rows: Record<string, unknown>[] = await this.transactions.single.query(
      'SELECT * FROM errands WHERE id = ?',
      [id],
    );
    return rows[0];
  }

  /** Part of the API's modules, wherever it is provided. */
  get<T>(part: Type<T>): T {
    return this.test.app.get(part, { strict: false });
  }

  cancelExpired(run: Partial<TaskRun> = {}) {
    const handler = new CancelExpiredTasksHandler(
      this.get(DueErrandRepository),
      this.get(ErrandPosting),
      this.get(ErrandSettlement),
      this.coins,
    );
    return handler.run(taskRun(run));
  }

  updateResponseTimes(run: Partial<TaskRun> = {}) {
    const handler = new UpdateFeaturedTaskExpertsResponseTimeHandler(this.get(ResponseTimeRepository));
    return handler.run(taskRun(run));
  }

  updateStatistics(run: Partial<TaskRun> = {}) {
    const handler = new UpdateAllUsersStatisticsHandler(
      this.get(ChangeCollector),
      this.get(StatisticsDueRepository),
      this.get(StatisticsComputer),
    );
    return handler.run(taskRun(run));
  }

  /** The account's rows, after they were found to agree with each other. */
  books(user: TestUser) {
    return expectBooksToBalance(this.transactions, user.id);
  }

  /** Balance and frozen coins, in micro-coins. */
  async balance(user: TestUser): Promise<[balance: bigint, frozen: bigint]> {
    const { balance, frozen } = await this.coins.accountOf(user.id);
    return [balance, frozen];
  }

  reconcile() {
    return this.test.app.get(ReconciliationService).reconcile();
  }
}

function taskRun(run: Partial<TaskRun>): TaskRun {
  return { dueAt: new Date(), attempt: 1, signal: new AbortController().signal, ...run };
}

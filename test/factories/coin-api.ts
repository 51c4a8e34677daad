import { randomUUID } from 'node:crypto';
import { CoinAccountService } from '../../src/modules/coin-account/index.js';
import { Transactions } from '../../src/platform/database/index.js';
import { newId } from '../../src/shared/ids.js';
import { expectBooksToBalance } from './coin-books.js';
import { createTestApp, type TestApp } from './test-app.js';
import { bearer, createUser, type TestUser } from './users.js';

/** Micro-coins. */
export const COIN = 1_000_000n;

/** What tests look at in an entry or a hold. */
interface ListItem {
  id?: string;
  sequence?: number;
}

/** The coin routes of an API of a test's own, an operator, and the ledger behind it. */
export class TestCoinApi {
  readonly service: CoinAccountService;
  readonly transactions: Transactions;

  private constructor(
    readonly test: TestApp,
    readonly operator: TestUser,
  ) {
    this.service = test.app.get(CoinAccountService);
    this.transactions = test.app.get(Transactions);
  }

  static async create(): Promise<TestCoinApi> {
    const test = await createTestApp();
    return new TestCoinApi(test, await createUser(test, { role: 'operator' }));
  }

  close(): Promise<void> {
    return this.test.close();
  }

  get(url: string, user: TestUser) {
    return this.test.app.inject({ url, headers: bearer(user.apiKey) });
  }

  /** Calls an operator's route; without a header `Idempotency-Key` if the key is empty. */
  post(path: string, payload: object, key: string = randomUUID()) {
    return this.test.app.inject({
      method: 'POST',
      url: `/api/coins/accounts/${path}`,
      headers: { ...bearer(this.operator.apiKey), ...(key === '' ? {} : { 'idempotency-key': key }) },
      payload,
    });
  }

  /** All items of a list, read page by page. */
  async readAll(url: string, user: TestUser): Promise<{ items: ListItem[]; pages: number }> {
    const items: ListItem[] = [];
    for (let cursor = '', pages = 1; ; pages++) {
      const answer = await this.get(`${url}${cursor}`, user);
      const page = answer.json<{ items: ListItem[]; next_cursor: string | null }>();
      items.push(...page.items);
      if (page.next_cursor === null) return { items, pages };
      cursor = `&cursor=${page.next_cursor}`;
    }
  }

  /** A new user with so many coins. */
  async userWith(coins: bigint): Promise<TestUser> {
    const user = await createUser(this.test);
    if (coins > 0n) await this.grant(user.id, coins * COIN);
    return user;
  }

  grant(accountId: string, amount: bigint, note?: string) {
    const idempotencyKey = randomUUID();
    const actor = 'operator';
    return this.service.grantCoins({ accountId, amount, reason: 'purchase', actor, note, idempotencyKey });
  }

  async hold(accountId: string): Promise<string> {
    const holdId = newId();
    const request = { accountId, holdId, amount: COIN, purpose: 'chat', reference: holdId };
    await this.service.holdCoins({ ...request, leaseMs: 60_000 });
    return holdId;
  }

  /** The account's rows, after they were found to agree with each other. */
  books(accountId: string) {
    return expectBooksToBalance(this.transactions, accountId);
  }
}

import { randomUUID } from 'node:crypto';
import type { Type } from '@nestjs/common';
import { AccountLines } from '../../src/modules/coin-account/account-lines.js';
import {
  CoinAccountModule,
  CoinAccountService,
  CoinHistoryService,
  ReconciliationService,
} from '../../src/modules/coin-account/index.js';
import { Transactions } from '../../src/platform/database/index.js';
import { createTestModule, type TestModule } from './test-module.js';

/** The ledger on a database of its own, with short forms of its operations. */
export class TestCoins {
  readonly service: CoinAccountService;
  readonly history: CoinHistoryService;
  readonly reconciliation: ReconciliationService;
  readonly transactions: Transactions;

  constructor(private readonly test: TestModule) {
    this.service = test.app.get(CoinAccountService);
    this.history = test.app.get(CoinHistoryService);
    this.reconciliation = test.app.get(ReconciliationService);
    this.transactions = test.app.get(Transactions);
  }

  static async create(settings: Record<string, string> = {}): Promise<TestCoins> {
    return new TestCoins(await createTestModule([CoinAccountModule], settings));
  }

  /** The ledger on the same database as another process has it: with connections and lines of its own. */
  otherProcess(settings: Record<string, string> = {}): Promise<TestCoins> {
    return TestCoins.create({ ...settings, LOCKKEEPER_DATABASE_URL: this.test.databaseUrl });
  }

  /** Another part of the module. */
  get<T>(part: Type<T>): T {
    return this.test.app.get(part);
  }

  /** Empties the books. Only for a test that looks at all of them and has them to itself. */
  async forgetAll(): Promise<void> {
    for (const table of ['coin_accounts', 'coin_holds', 'coin_journal', 'coin_operations'])
      await this.transactions.single.query(`DELETE FROM ${table}`);
  }

  close(): Promise<void> {
    return this.test.close();
  }

  /** A new account with this much on it. */
  async accountWith(amount: bigint): Promise<string> {
    const accountId = randomUUID();
    if (amount > 0n) await this.grant(accountId, amount);
    return accountId;
  }

  grant(accountId: string, amount: bigint, idempotencyKey: string = randomUUID()) {
    return this.service.grantCoins({
      accountId,
      amount,
      reason: 'purchase',
      actor: 'operator',
      idempotencyKey,
    });
  }

  hold(accountId: string, amount: bigint, holdId: string = randomUUID(), leaseMs = 60_000) {
    return this.service.holdCoins({
      accountId,
      holdId,
      amount,
      purpose: 'chat',
      reference: holdId,
      leaseMs,
    });
  }

  settle(accountId: string, holdId: string, amount: bigint) {
    return this.service.settleHold({ accountId, holdId, amount, reference: holdId });
  }

  release(accountId: string, holdId: string) {
    return this.service.releaseHold({ accountId, holdId, reason: 'provider_failed' });
  }

  penalize(accountId: string, amount: bigint, holdId?: string, idempotencyKey: string = randomUUID()) {
    return this.service.penalizeViolation({ accountId, holdId, amount, reference: 'turn', idempotencyKey });
  }

  /**
   * Starts operations on one account while another transaction has it locked, so that all but the first are
   * committed in one group. @returns what became of those.
   */
  async inOneGroup(
    accountId: string,
    acts: readonly (() => Promise<unknown>)[],
  ): Promise<PromiseSettledResult<unknown>[]> {
    const { first, rest } = await this.transactions.run(async (transaction) => {
      await transaction.query('SELECT id FROM coin_accounts WHERE id = ? FOR UPDATE', [accountId]);
      return { first: this.grant(accountId, 1n), rest: Promise.allSettled(acts.map((act) => act())) };
    });
    await first;
    return rest;
  }

  /** The lines in which operations wait for their groups. */
  get lines(): AccountLines {
    return this.test.app.get(AccountLines, { strict: false });
  }

  /** Puts the end of a hold into the past, by the database's clock. */
  async makeOverdue(...holdIds: string[]): Promise<void> {
    await this.transactions.single.query(
      'UPDATE coin_holds SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE id IN (?)',
      [holdIds],
    );
  }
}

import { Injectable } from '@nestjs/common';
import {
  type BatchTransaction,
  BatchTransactions,
  isDuplicateKey,
  Transactions,
} from '../../platform/database/index.js';
import { toAccount } from './coin-account.rows.js';
import type { AccountState } from './domain/account.js';
import type { Operation } from './domain/decision.js';
import { OperationGroup, type Outcome } from './domain/operation-group.js';
import { firstReads, fullReads, groupWrites, toFacts } from './group-statements.js';
import { jointReads, toJointFacts } from './joint-statements.js';

/** An operation that lost a race for the same new row runs again and finds the row. */
const MAX_DUPLICATE_KEY_ATTEMPTS = 5;

/** Changes the tables of the ledger; nothing else does. */
@Injectable()
export class CoinAccountRepository {
  constructor(
    private readonly transactions: Transactions,
    private readonly batches: BatchTransactions,
  ) {}

  /**
   * Runs operations on one account in the order given, each on what the one before left, in one short
   * transaction. One that is refused, or whose rule throws, leaves the others as they are. Waits for other
   * processes' groups on the same account.
   *
   * A group is tried first as if it repeated nothing, which spares it the search for each of its holds and keys.
   * What was not searched for is found all the same: a key by the range that is read, a hold by the operation
   * that could not open it, or by the database, which refuses a second one of the same id.
   */
  async executeGroup(accountId: string, operations: readonly Operation<unknown>[]): Promise<Outcome[]> {
    return this.runAgainOnDuplicate((transaction, attempt) =>
      runGroup(transaction, accountId, operations, attempt === 1),
    );
  }

  /**
   * Runs operations on several accounts in the order given, in one short transaction, as `executeGroup` does for one.
   * The accounts are locked in the order of their ids, so that two of these do not wait for each other crosswise.
   */
  executeJointly(operations: readonly Operation<unknown>[]): Promise<Outcome[]> {
    return this.runAgainOnDuplicate((transaction) => runJointly(transaction, operations));
  }

  private async runAgainOnDuplicate<T>(
    run: (transaction: BatchTransaction, attempt: number) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.batches.run((transaction) => run(transaction, attempt));
      } catch (error) {
        if (attempt >= MAX_DUPLICATE_KEY_ATTEMPTS || !isDuplicateKey(error)) throw error;
      }
    }
  }

  /** Moves the end of holds that are still open to `leaseMs` from now, never nearer. @returns how many there were. */
  async renewHolds(holdIds: readonly string[], leaseMs: number): Promise<number> {
    const result = await this.transactions.run((transaction) =>
      transaction.query<{ affectedRows: number }>(
        `UPDATE coin_holds
         SET expires_at = GREATEST(expires_at, UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND)
         WHERE id IN (?) AND status = 'open'`,
        [leaseMs * 1000, holdIds],
      ),
    );
    return result.affectedRows;
  }

  /**
   * Takes up to `limit` open holds whose time is up, for `claimMs`; those that another worker took, or is
   * taking now, are passed over. The holds themselves are not changed and their accounts not locked, so that
   * this waits for nobody.
   */
  async claimExpiredHolds(limit: number, claimMs: number): Promise<{ id: string; accountId: string }[]> {
    return this.transactions.run(async (transaction) => {
      const rows = await transaction.query<{ id: string; account_id: string }[]>(
        // The index gives the rows in order. Any other plan would sort, and so lock all that are overdue.
        `SELECT id, account_id FROM coin_holds FORCE INDEX (idx_coin_holds_expiry)
         WHERE status = 'open' AND expires_at <= UTC_TIMESTAMP(3)
           AND (expiry_claimed_until IS NULL OR expiry_claimed_until <= UTC_TIMESTAMP(3))
         ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED`,
        [limit],
      );
      if (rows.length > 0) {
        await transaction.query(
          `UPDATE coin_holds SET expiry_claimed_until = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND WHERE id IN (?)`,
          [claimMs * 1000, rows.map((row) => row.id)],
        );
      }
      return rows.map((row) => ({ id: row.id, accountId: row.account_id }));
    });
  }

  /** The account as it stands, without a lock; undefined if nothing happened to it yet. */
  async findAccount(accountId: string): Promise<AccountState | undefined> {
    const [row] = await this.transactions.single.query<Record<string, unknown>[]>(
      `SELECT id, balance, frozen, debt, is_blocked, journal_sequence, journal_hash, updated_at
       FROM coin_accounts WHERE id = ?`,
      [accountId],
    );
    return row && toAccount(row);
  }
}

async function runGroup(
  transaction: BatchTransaction,
  accountId: string,
  operations: readonly Operation<unknown>[],
  isExpectedNew: boolean,
): Promise<Outcome[]> {
  const [accounts = [], holds = [], keys = []] = await transaction.begin(firstReads(accountId, operations));
  let group = new OperationGroup(toFacts(accountId, accounts, holds, []));
  let outcomes = operations.map((operation) => group.run(operation));
  const isNew = keys.length === 0 && outcomes.every((outcome, index) => isAsNew(operations[index], outcome));
  if (!isExpectedNew || !isNew) {
    const [allHolds = [], records = []] = await transaction.read(fullReads(accountId, operations));
    group = new OperationGroup(toFacts(accountId, accounts, allHolds, records));
    outcomes = operations.map((operation) => group.run(operation));
  }
  await transaction.commit(groupWrites([group]));
  return outcomes;
}

async function runJointly(
  transaction: BatchTransaction,
  operations: readonly Operation<unknown>[],
): Promise<Outcome[]> {
  const rows = await transaction.begin(jointReads(operations));
  const facts = toJointFacts(operations, rows);
  const groups = new Map([...facts].map(([accountId, known]) => [accountId, new OperationGroup(known)]));
  const outcomes = operations.map((operation) => {
    const group = groups.get(operation.accountId);
    if (!group) throw new Error(`Nothing was read of the account ${operation.accountId}.`);
    return group.run(operation);
  });
  await transaction.commit(groupWrites([...groups.values()]));
  return outcomes;
}

/** Whether the operation did not ask for a hold that was not searched for, or the hold will show if it is there. */
function isAsNew(operation: Operation<unknown> | undefined, outcome: Outcome): boolean {
  return !operation?.isOpening || ('decision' in outcome && outcome.decision.kind === 'apply');
}

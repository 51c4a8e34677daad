import type { Statement } from '../../platform/database/index.js';
import { type Row, toAccount, toHold, toRecordedOperation } from './coin-account.rows.js';
import { emptyAccount } from './domain/account.js';
import type { Operation } from './domain/decision.js';
import type { Hold } from './domain/hold.js';
import type { GroupFacts } from './domain/operation-group.js';
import { distinct, SELECT_HOLDS } from './group-statements.js';

/** What operations on many accounts read, as statements; what they write is what groups write. */

/** By the primary key: any other plan would lock accounts that nobody asked for. */
const SELECT_ACCOUNTS = `
  SELECT id, balance, frozen, debt, is_blocked, journal_sequence, journal_hash, updated_at
  FROM coin_accounts FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY id FOR UPDATE`;
/** After the locks: no entry is older than one that was waited for. */
const SELECT_NOW = 'SELECT UTC_TIMESTAMP(3) AS now';

/** The accounts, which it locks, the holds and the recorded operations that the operations name; and the time. */
export function jointReads(operations: readonly Operation<unknown>[]): Statement[] {
  return [
    { sql: SELECT_ACCOUNTS, values: [distinct(operations.map(({ accountId }) => accountId))] },
    { sql: SELECT_HOLDS, values: [distinct(operations.map(({ holdId }) => holdId))] },
    selectRecords(operations),
    { sql: SELECT_NOW, values: [] },
  ];
}

/** What was read, for each account that is operated on. */
export function toJointFacts(
  operations: readonly Operation<unknown>[],
  [accountRows = [], holdRows = [], recordRows = [], clock = []]: readonly Row[][],
): Map<string, GroupFacts> {
  const now = clock[0]?.['now'] as Date;
  const accounts = new Map(accountRows.map(toAccount).map((account) => [account.id, account]));
  const holds = new Map(holdRows.map(toHold).map((hold) => [hold.id, hold]));
  const records = Map.groupBy(recordRows.map(toRecordedOperation), ({ accountId }) => accountId);
  const named = Map.groupBy(operations, ({ accountId }) => accountId);
  const facts = [...named].map(([accountId, ofAccount]): [string, GroupFacts] => {
    const account = accounts.get(accountId);
    return [
      accountId,
      {
        account: account ?? emptyAccount(accountId),
        isKnown: account !== undefined,
        holds: ofAccount.flatMap(({ holdId = '' }): Hold[] => {
          const hold = holds.get(holdId);
          return hold ? [hold] : [];
        }),
        records: records.get(accountId) ?? [],
        now,
      },
    ];
  });
  return new Map(facts);
}

function selectRecords(operations: readonly Operation<unknown>[]): Statement {
  const keys = operations.flatMap(({ accountId, idempotencyKey }) =>
    idempotencyKey === undefined ? [] : [[accountId, idempotencyKey]],
  );
  const isOne = keys.map(() => '(account_id = ? AND idempotency_key = ?)').join(' OR ');
  return { sql: `SELECT * FROM coin_operations WHERE ${isOne || 'FALSE'}`, values: keys.flat() };
}

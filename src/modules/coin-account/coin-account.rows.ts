import type { AccountState } from './domain/account.js';
import type { RecordedOperation, StoredOutcome } from './domain/decision.js';
import type { Hold, HoldStatus } from './domain/hold.js';
import type { EntryKind, JournalEntry } from './domain/journal.js';

/** How rows become values. 64-bit integers arrive as strings, times as dates in UTC. */

export type Row = Record<string, unknown>;

export function toAccount(row: Row): AccountState {
  return {
    id: row['id'] as string,
    balance: BigInt(row['balance'] as string),
    frozen: BigInt(row['frozen'] as string),
    debt: BigInt(row['debt'] as string),
    isBlocked: Number(row['is_blocked']) === 1,
    sequence: Number(row['journal_sequence']),
    hash: row['journal_hash'] as Buffer,
    updatedAt: row['updated_at'] as Date,
  };
}

export function toHold(row: Row): Hold {
  return {
    id: row['id'] as string,
    accountId: row['account_id'] as string,
    amount: BigInt(row['amount'] as string),
    status: row['status'] as HoldStatus,
    settledAmount: toAmountOrNull(row['settled_amount']),
    debtAmount: toAmountOrNull(row['debt_amount']),
    purpose: row['purpose'] as string,
    reference: row['reference'] as string,
    openedSequence: Number(row['opened_sequence']),
    endedSequence: row['ended_sequence'] === null ? null : Number(row['ended_sequence']),
    expiresAt: row['expires_at'] as Date,
    createdAt: row['created_at'] as Date,
    endedAt: row['ended_at'] as Date | null,
  };
}

function toAmountOrNull(value: unknown): bigint | null {
  return value === null ? null : BigInt(value as string);
}

export function toRecordedOperation(row: Row): RecordedOperation {
  const outcome = row['outcome'];
  return {
    accountId: row['account_id'] as string,
    idempotencyKey: row['idempotency_key'] as string,
    kind: row['kind'] as string,
    requestHash: row['request_hash'] as Buffer,
    // MySQL's driver parses a JSON column; MariaDB's JSON is a text.
    outcome: (typeof outcome === 'string' ? JSON.parse(outcome) : outcome) as StoredOutcome,
  };
}

export function toJournalEntry(row: Row): JournalEntry {
  return {
    accountId: row['account_id'] as string,
    sequence: Number(row['sequence']),
    kind: row['kind'] as EntryKind,
    balanceDelta: BigInt(row['balance_delta'] as string),
    frozenDelta: BigInt(row['frozen_delta'] as string),
    debtDelta: BigInt(row['debt_delta'] as string),
    balanceAfter: BigInt(row['balance_after'] as string),
    frozenAfter: BigInt(row['frozen_after'] as string),
    debtAfter: BigInt(row['debt_after'] as string),
    holdId: row['hold_id'] as string | null,
    reference: row['reference'] as string | null,
    actor: row['actor'] as string,
    reason: row['reason'] as string | null,
    note: row['note'] as string | null,
    idempotencyKey: row['idempotency_key'] as string | null,
    createdAt: row['created_at'] as Date,
    hash: row['hash'] as Buffer,
  };
}

import { hash } from 'node:crypto';
import type { MicroCoins } from '../../../shared/money.js';

export const entryKinds = [
  'grant',
  'debt_payment',
  'hold',
  'settle',
  'release',
  'expire',
  'penalty',
  'block',
  'unblock',
] as const;
export type EntryKind = (typeof entryKinds)[number];

/** One line of an account's journal. Amounts are micro-coins. */
export interface JournalEntry {
  accountId: string;
  /** 1 for the account's first entry, then without gaps. */
  sequence: number;
  kind: EntryKind;
  balanceDelta: MicroCoins;
  frozenDelta: MicroCoins;
  debtDelta: MicroCoins;
  balanceAfter: MicroCoins;
  frozenAfter: MicroCoins;
  debtAfter: MicroCoins;
  holdId: string | null;
  /** What the entry is about outside this module: the turn's id. */
  reference: string | null;
  /** Who caused it: a user's id, or `system`. */
  actor: string;
  reason: string | null;
  note: string | null;
  idempotencyKey: string | null;
  createdAt: Date;
  hash: Buffer;
}

/** What stands before the first entry of every account. */
export const GENESIS_HASH: Buffer = Buffer.alloc(32);

/**
 * The hash that chains an entry to the one before it: SHA-256 over the 32 bytes of the previous hash and then the
 * UTF-8 text of a JSON array without white space: `"v1"`, then every field in the order below, amounts and the
 * sequence as decimal strings, the time in ISO 8601 with milliseconds, what is absent as `null`.
 */
export function hashEntry(previousHash: Buffer, entry: Omit<JournalEntry, 'hash'>): Buffer {
  const text = JSON.stringify([
    'v1',
    entry.accountId,
    String(entry.sequence),
    entry.kind,
    String(entry.balanceDelta),
    String(entry.frozenDelta),
    String(entry.debtDelta),
    String(entry.balanceAfter),
    String(entry.frozenAfter),
    String(entry.debtAfter),
    entry.holdId,
    entry.reference,
    entry.actor,
    entry.reason,
    entry.note,
    entry.idempotencyKey,
    entry.createdAt.toISOString(),
  ]);
  return hash('sha256', Buffer.concat([previousHash, Buffer.from(text)]), 'buffer');
}

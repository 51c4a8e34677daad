import type { MicroCoins } from '../../../shared/money.js';
import { type EntryKind, GENESIS_HASH, hashEntry, type JournalEntry } from './journal.js';

/**
 * What is known of an account at one point of its journal. It always holds that `0 ≤ frozen ≤ balance`, that
 * `debt ≥ 0`, and that an account with a debt has nothing available.
 */
export interface AccountState {
  readonly id: string;
  readonly balance: MicroCoins;
  readonly frozen: MicroCoins;
  readonly debt: MicroCoins;
  readonly isBlocked: boolean;
  readonly sequence: number;
  readonly hash: Buffer;
  /** When the last entry was written; undefined while there is none. */
  readonly updatedAt: Date | undefined;
}

/** An account before anything happened to it. */
export function emptyAccount(id: string): AccountState {
  return {
    id,
    balance: 0n,
    frozen: 0n,
    debt: 0n,
    isBlocked: false,
    sequence: 0,
    hash: GENESIS_HASH,
    updatedAt: undefined,
  };
}

/** What the account can spend now. */
export function availableOf(account: Pick<AccountState, 'balance' | 'frozen'>): MicroCoins {
  return account.balance - account.frozen;
}

/** What all entries of one operation have in common. */
export interface PostingContext {
  readonly actor: string;
  readonly holdId?: string | undefined;
  readonly reference?: string | undefined;
  readonly reason?: string | undefined;
  readonly note?: string | undefined;
  readonly idempotencyKey?: string | undefined;
}

/** How one entry changes the account. */
export interface Deltas {
  readonly balance?: MicroCoins;
  readonly frozen?: MicroCoins;
  readonly debt?: MicroCoins;
}

/** Appends the entries of one operation to an account, in memory. */
export class Posting {
  readonly entries: JournalEntry[] = [];
  private current: AccountState;
  private readonly at: Date;

  /** @param now the database's time; entries never go back in time, even if that does. */
  constructor(
    account: AccountState,
    private readonly context: PostingContext,
    now: Date,
  ) {
    this.current = account;
    this.at = account.updatedAt && account.updatedAt > now ? account.updatedAt : now;
  }

  /** The account after what was posted so far. */
  get account(): AccountState {
    return this.current;
  }

  post(kind: EntryKind, deltas: Deltas): JournalEntry {
    const { balance = 0n, frozen = 0n, debt = 0n } = deltas;
    const before = this.current;
    const unhashed = {
      accountId: before.id,
      sequence: before.sequence + 1,
      kind,
      balanceDelta: balance,
      frozenDelta: frozen,
      debtDelta: debt,
      balanceAfter: before.balance + balance,
      frozenAfter: before.frozen + frozen,
      debtAfter: before.debt + debt,
      holdId: this.context.holdId ?? null,
      reference: this.context.reference ?? null,
      actor: this.context.actor,
      reason: this.context.reason ?? null,
      note: this.context.note ?? null,
      idempotencyKey: this.context.idempotencyKey ?? null,
      createdAt: this.at,
    };
    const entry = { ...unhashed, hash: hashEntry(before.hash, unhashed) };
    this.entries.push(entry);
    this.current = {
      ...before,
      balance: entry.balanceAfter,
      frozen: entry.frozenAfter,
      debt: entry.debtAfter,
      isBlocked: kind === 'block' || (kind !== 'unblock' && before.isBlocked),
      sequence: entry.sequence,
      hash: entry.hash,
      updatedAt: entry.createdAt,
    };
    return entry;
  }

  /** Pays what is owed from what is available, as an entry of its own. @returns how much was paid. */
  payDebt(): MicroCoins {
    const available = availableOf(this.current);
    const payment = available < this.current.debt ? available : this.current.debt;
    if (payment > 0n) this.post('debt_payment', { balance: -payment, debt: -payment });
    return payment;
  }
}

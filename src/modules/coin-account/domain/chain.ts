import { GENESIS_HASH, hashEntry, type JournalEntry } from './journal.js';

/** How a chain of entries can be broken. */
export const chainFaultKinds = [
  'entry_missing',
  'entry_altered',
  'tail_missing',
  'tail_replaced',
  'tail_unknown',
  'account_missing',
] as const;
export type ChainFaultKind = (typeof chainFaultKinds)[number];

/** Where an account says that its journal ends. */
export interface ChainHead {
  sequence: number;
  hash: Buffer;
}

export interface ChainFault {
  accountId: string;
  kind: ChainFaultKind;
  /** The entry at fault; of several missing ones the first. */
  sequence: number;
  detail: string;
}

/** Follows one account's chain of hashes from its first entry on, as entries are read. */
export class ChainWalk {
  private sequence = 0;
  private hash: Buffer = GENESIS_HASH;
  private newestSequence = 0;

  /**
   * @param head what the account said of its last entry before any was read; undefined if there was no account.
   *   Entries after it are newer and left for the next walk.
   */
  constructor(
    readonly accountId: string,
    private readonly head: ChainHead | undefined,
    private readonly report: (fault: ChainFault) => void,
  ) {}

  /** Whether entries were read that the head does not count: it must be looked at again. */
  get hasNewer(): boolean {
    return this.newestSequence > (this.head?.sequence ?? 0);
  }

  /** Takes the next entry, and finds out whether it follows the one before unaltered. */
  take(entry: JournalEntry): void {
    this.newestSequence = entry.sequence;
    if (this.head && entry.sequence > this.head.sequence) return;
    const expected = this.sequence + 1;
    if (entry.sequence !== expected) {
      const last = entry.sequence - 1;
      this.fault(
        'entry_missing',
        expected,
        last === expected ? 'is missing' : `and all up to ${last} are missing`,
      );
    } else if (!hashEntry(this.hash, entry).equals(entry.hash)) {
      this.fault('entry_altered', expected, 'or the one before it was altered, replaced or moved');
    }
    // Each later entry is held against what is stored, so that one fault is told once.
    this.sequence = entry.sequence;
    this.hash = entry.hash;
  }

  /** After the last entry: compares with what the account said of it. */
  end(): void {
    if (!this.head) return;
    const { sequence, hash } = this.head;
    if (sequence > this.sequence) {
      this.fault('tail_missing', this.sequence + 1, `and all up to ${sequence}, the last, are missing`);
    } else if (!hash.equals(this.hash)) {
      this.fault('tail_replaced', sequence, 'is not the last one that the account knows');
    }
  }

  /** After entries that the head does not count: compares with what the account says now. */
  endNewer(now: ChainHead | undefined): void {
    if (!now) {
      this.fault('account_missing', this.newestSequence, 'is the last of an account that does not exist');
    } else if (now.sequence < this.newestSequence) {
      this.fault('tail_unknown', now.sequence + 1, 'is more than the account counts');
    }
  }

  private fault(kind: ChainFaultKind, sequence: number, detail: string): void {
    this.report({ accountId: this.accountId, kind, sequence, detail: `entry ${sequence} ${detail}` });
  }
}

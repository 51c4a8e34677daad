import { Injectable } from '@nestjs/common';
import type { MicroCoins } from '../../shared/money.js';
import { statementTooLong } from './coin-account.errors.js';
import {
  type AccountKey,
  CoinHistoryRepository,
  type EntryFilter,
  type SequenceRange,
  type SpentHold,
} from './coin-history.repository.js';
import type { Hold, HoldStatus } from './domain/hold.js';
import type { JournalEntry } from './domain/journal.js';

export type { SpentHold };

/** A stretch of time: from the first moment to before the second; open where there is none. */
export interface Period {
  from?: Date | undefined;
  to?: Date | undefined;
}

export interface JournalPage {
  /** The newest first. */
  entries: JournalEntry[];
  /** Ask for entries before this number for the next page; undefined on the last. */
  nextBefore: number | undefined;
}

export interface HoldPage {
  /** The highest id first. */
  holds: Hold[];
  /** Ask for ids below this one for the next page; undefined on the last. */
  nextBefore: string | undefined;
}

const MAX_PAGE = 100;
/** References are not indexed, which would slow every charge: a page looks at so many entries at the most. */
const MAX_ENTRIES_SEARCHED = 10_000;
const MAX_LOOKED_UP = 1_000;
const STATEMENT_BATCH = 500;
const MAX_STATEMENT_ENTRIES = 50_000;

/** What happened to an account: its journal, its holds, its statement. Pages have at most 100 items. */
@Injectable()
export class CoinHistoryService {
  constructor(private readonly repository: CoinHistoryRepository) {}

  /**
   * One page of the account's journal, the newest entry first: those before entry `beforeSequence`, or the newest
   * of all. With a `reference` a page may have fewer entries than `limit`, or none, though there are more pages.
   */
  async journalOf(
    request: EntryFilter & Period & { accountId: string; beforeSequence?: number | undefined; limit: number },
  ): Promise<JournalPage> {
    const { accountId, beforeSequence = Number.MAX_SAFE_INTEGER } = request;
    const period = await this.rangeOf(accountId, request);
    const before = Math.min(period.before, beforeSequence);
    const isSearch = request.reference !== undefined;
    const from = isSearch ? Math.max(period.from, before - MAX_ENTRIES_SEARCHED) : period.from;
    const limit = pageSize(request.limit);
    const found = await this.repository.findEntries(accountId, { from, before }, request, limit + 1);
    const entries = found.slice(0, limit);
    const hasMore = found.length > limit;
    const isSearchUnfinished = isSearch && from > period.from;
    return {
      entries,
      nextBefore: hasMore ? entries.at(-1)?.sequence : isSearchUnfinished ? from : undefined,
    };
  }

  /** One page of the account's holds, those with the highest ids first. */
  async holdsOf(request: {
    accountId: string;
    status?: HoldStatus | undefined;
    beforeId?: string | undefined;
    limit: number;
  }): Promise<HoldPage> {
    const limit = pageSize(request.limit);
    const found = await this.repository.findHolds(
      request.accountId,
      request.status,
      request.beforeId,
      limit + 1,
    );
    const holds = found.slice(0, limit);
    return { holds, nextBefore: found.length > limit ? holds.at(-1)?.id : undefined };
  }

  /**
   * All entries of a period, the oldest first, in batches that are read as they are taken.
   * @throws `statement_too_long` before anything is read
   */
  async statementOf(accountId: string, period: Period): Promise<AsyncIterable<JournalEntry[]>> {
    const range = await this.rangeOf(accountId, period);
    const entries = range.before - range.from;
    if (entries > MAX_STATEMENT_ENTRIES) {
      throw statementTooLong({
        detail: `The period has ${entries} entries, a statement at most ${MAX_STATEMENT_ENTRIES}. Ask for a shorter one.`,
        details: { entries, max_entries: MAX_STATEMENT_ENTRIES },
      });
    }
    return this.readRange(accountId, range);
  }

  /** The holds of these ids (at most 1,000), by id; ids of none are left out. */
  async findHolds(holdIds: readonly string[]): Promise<Map<string, Hold>> {
    const holds = await this.repository.findHoldsById(holdIds.slice(0, MAX_LOOKED_UP));
    return new Map(holds.map((hold) => [hold.id, hold]));
  }

  /** Those of these holds (at most 1,000) for which a penalty was charged. */
  findPenalized(holdIds: readonly string[]): Promise<Set<string>> {
    return this.repository.findPenalized(holdIds.slice(0, MAX_LOOKED_UP));
  }

  /**
   * Holds of a purpose that were charged for, by the product itself, and ended longer ago than `ageMs`: settled, or
   * released with a penalty. In the order of their ids, those above `afterId`, at most 1,000.
   */
  findSpentHolds(request: {
    purpose: string;
    ageMs: number;
    afterId: string;
    limit: number;
  }): Promise<SpentHold[]> {
    return this.repository.findSpentHolds({ ...request, limit: Math.min(request.limit, MAX_LOOKED_UP) });
  }

  /** The number of the account's last entry; 0 if nothing happened to it yet. */
  lastSequenceOf(accountId: string): Promise<number> {
    return this.repository.lastSequence(accountId);
  }

  /**
   * What accounts (at most 100) were charged for settled holds, debts included, in a period: each from the entry after
   * `afterSequence` on. Reads what was charged since then, by an index. Accounts without a charge are left out.
   */
  async spentBy(
    accounts: readonly { accountId: string; afterSequence: number }[],
    period: { from: Date; to: Date },
  ): Promise<Map<string, MicroCoins>> {
    const rows = await this.repository.sumSettled(accounts.slice(0, MAX_PAGE), period);
    return new Map(rows.map((row) => [row.accountId, row.spent]));
  }

  /** What was granted under these keys (at most 1,000), by key; a key of no grant, or of a refused one, is left out. */
  findGranted(keys: readonly AccountKey[]): Promise<Map<string, MicroCoins>> {
    return this.repository.findGranted(keys.slice(0, MAX_LOOKED_UP));
  }

  private async *readRange(
    accountId: string,
    { from, before }: SequenceRange,
  ): AsyncGenerator<JournalEntry[]> {
    for (let start = from; start < before; start += STATEMENT_BATCH) {
      const end = Math.min(start + STATEMENT_BATCH, before);
      yield await this.repository.readEntries(accountId, { from: start, before: end });
    }
  }

  private async rangeOf(accountId: string, { from, to }: Period): Promise<SequenceRange> {
    const last = await this.repository.lastSequence(accountId);
    const firstSince = (time: Date) => this.repository.firstSequenceSince(accountId, time, last);
    const [first, before] = await Promise.all([
      from === undefined ? 1 : firstSince(from),
      to === undefined ? last + 1 : firstSince(to),
    ]);
    return { from: first, before };
  }
}

function pageSize(limit: number): number {
  return Math.min(Math.max(limit, 1), MAX_PAGE);
}

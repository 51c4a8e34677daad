import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { RedisAwayError } from '../../../platform/redis/index.js';
import { type Accounting, settle } from '../domain/accounting.js';
import { logQueueUnavailable } from '../logs.errors.js';
import { LogQueue, type QueueSums } from '../queue/log-queue.js';
import { BooksRepository, type CountedTables } from './books.repository.js';

/** The books as they are now. */
export interface AccountingReport extends Accounting {
  readonly backlogEntries: number;
  readonly backlogBytes: number;
  /** How long the oldest entry of the queue has waited. */
  readonly lagMs: number;
  /** Stored lines that are gone with their day. */
  readonly droppedLines: number;
  /** Entries that were accepted, are not stored, and are no longer in the stream: somebody else took them out. */
  readonly missingEntries: number;
}

/** One comparison of the books with what is there. */
export interface AccountingCheck {
  readonly name: string;
  readonly expected: number;
  readonly found: number;
}

export interface AccountingVerdict {
  readonly report: AccountingReport;
  readonly checks: readonly AccountingCheck[];
  readonly agrees: boolean;
}

const LOOK_AGAIN_MS = 50;
/** Lines that pass while the sums are read make one reading differ; readings without end would not. */
const MAX_READINGS = 20;
const RETRY_AFTER_SECONDS = 1;

/** Says whether every accepted line is stored, in quarantine, discarded or still waiting. */
@Injectable()
export class LogAccounting {
  constructor(
    private readonly queue: LogQueue,
    private readonly books: BooksRepository,
  ) {}

  /**
   * Reads the books. The sums come from two servers, so they are read again, some times, if they do not close because of
   * lines that went by in between. @throws log_queue_unavailable
   */
  async report(): Promise<AccountingReport> {
    for (let readings = 1; ; readings++) {
      const report = await this.read();
      if (report.isClosed || readings >= MAX_READINGS) return report;
      await delay(LOOK_AGAIN_MS);
    }
  }

  /** One reading of the books. While lines pass, it may say that they do not close although they do. */
  glance(): Promise<AccountingReport> {
    return this.read();
  }

  /**
   * Accepts what is there as what was accepted, after Redis or its stream lost what was in it: from then on the books
   * close again. Only while nothing waits to be stored, so that nothing is written off that may still be stored.
   * @returns how many lines were accepted and are gone (negative: are stored, and Redis knows nothing of them), or
   *   undefined if lines keep coming.
   */
  async writeOff(): Promise<number | undefined> {
    for (let readings = 1; readings <= MAX_READINGS; readings++) {
      const before = await this.sums();
      const { storedLines, quarantinedLines, discardedLines } = await this.books.sums();
      const committed = storedLines + quarantinedLines + discardedLines;
      if (await this.queue.restartSums(committed, before)) return before.acceptedLines - committed;
      await delay(LOOK_AGAIN_MS);
    }
    return undefined;
  }

  /** Reads the books and counts the tables to see whether both say the same. */
  async check(): Promise<AccountingVerdict> {
    const report = await this.report();
    const checks = checksOf(await this.books.count());
    const agrees = report.isClosed && checks.every(({ expected, found }) => expected === found);
    return { report, checks, agrees };
  }

  /**
   * What is committed is read between two readings of the queue. So what was acknowledged before cannot be more than
   * is committed, and what is committed not more than was accepted after, whatever goes by.
   */
  private async read(): Promise<AccountingReport> {
    const before = await this.sums();
    const { storedLines, quarantinedLines, discardedLines, droppedLines } = await this.books.sums();
    const after = await this.sums();
    const committed = storedLines + quarantinedLines + discardedLines;
    const isQuiet =
      before.acceptedLines === after.acceptedLines && after.backlogLines === before.backlogLines;
    const settled = settle({
      acceptedLines: after.acceptedLines,
      pendingLines: after.backlogLines,
      storedLines,
      quarantinedLines,
      discardedLines,
    });
    const missingEntries = Math.max(0, after.backlogEntries - after.streamEntries);
    const isBalanced = isQuiet
      ? settled.isClosed
      : before.acknowledgedLines <= committed && committed <= after.acceptedLines;
    return {
      ...settled,
      isClosed: isBalanced && missingEntries === 0,
      missingEntries,
      droppedLines,
      backlogEntries: after.backlogEntries,
      backlogBytes: after.backlogBytes,
      lagMs: after.lagMs,
    };
  }

  private async sums(): Promise<QueueSums> {
    try {
      return await this.queue.sums();
    } catch (error) {
      if (!(error instanceof RedisAwayError)) throw error;
      throw logQueueUnavailable({ retryAfterSeconds: RETRY_AFTER_SECONDS, cause: error });
    }
  }
}

function checksOf({ sums, logRows, ledgerLines, refusedLines }: CountedTables): AccountingCheck[] {
  return [
    { name: 'rows of logs', expected: sums.storedLines - sums.droppedLines, found: logRows },
    {
      name: 'lines of the entries in log_entries',
      expected: sums.entryLines - sums.droppedEntryLines,
      found: ledgerLines,
    },
    { name: 'lines in log_quarantine', expected: sums.quarantinedLines, found: refusedLines },
    {
      name: 'lines stored, quarantined or discarded of all entries',
      expected: sums.entryLines,
      found: sums.storedLines + sums.quarantinedLines + sums.discardedLines,
    },
  ];
}

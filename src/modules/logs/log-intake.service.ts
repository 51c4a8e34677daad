import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';
import { newId } from '../../shared/ids.js';
import { counter } from '../../platform/metrics/index.js';
import { RedisAwayError } from '../../platform/redis/index.js';
import type { Acknowledgement, IntakeFate, IntakeReceipt, IntakeRequest } from './domain/intake.js';
import type { LogLine } from './domain/log-line.js';
import { logBacklogFull, logEntryTooLarge, logQueueUnavailable } from './logs.errors.js';
import { LogQueue } from './queue/log-queue.js';
import { SingleGroup } from './queue/single-group.js';
import { StoredWatch } from './queue/stored-watch.js';
import { type EntryRows, LogDataTooLongError, packRows } from './store/entry-rows.js';
import { LedgerRepository } from './store/ledger.repository.js';

export const intakeMetrics = [
  counter('lockkeeper_logs_accepted_lines_total', 'Log lines this process has taken in, by source.', [
    'source',
  ]),
  counter('lockkeeper_logs_refused_lines_total', 'Log lines this process has not taken in, by reason.', [
    'reason',
  ]),
];

const RETRY_AFTER_SECONDS = 1;
/** Well below the 512 MB that one value may have in Redis, and what a writer holds at once. */
const MAX_TEXT_CHARACTERS = 128 * 1024 * 1024;

/** Takes checked lines in. */
@Injectable()
export class LogIntake {
  private readonly singles = new SingleGroup((lines) => this.append(lines, 'seed'));

  constructor(
    private readonly queue: LogQueue,
    private readonly ledger: LedgerRepository,
    private readonly watch: StoredWatch,
    @InjectMetric('lockkeeper_logs_accepted_lines_total') private readonly acceptedLines: Counter,
    @InjectMetric('lockkeeper_logs_refused_lines_total') private readonly refusedLines: Counter,
  ) {}

  /**
   * Takes in the lines of one request as one entry of the stream: all of them, or none.
   * @throws log_backlog_full or log_queue_unavailable, both with Retry-After 1 and with nothing taken in, as far as
   *   can be known: a Redis that went away in the middle may have the lines all the same. With `ack: 'stored'` also
   *   log_store_pending, whose details name the receipt: then the lines are taken in, and need not be sent again.
   *   log_entry_too_large for what no attempt can take in.
   */
  async accept({ lines, ack, source, dedupKey }: IntakeRequest): Promise<IntakeReceipt> {
    const receivedAt = new Date();
    const receiptId = await this.append(lines, source, dedupKey);
    return { receiptId, receivedAt, fate: await this.fateFor(ack, receiptId) };
  }

  /** Takes in one line. Those of all requests within 2 ms share an entry, and so a receipt. @throws as `accept` */
  async acceptSingle(line: LogLine, ack: Acknowledgement): Promise<IntakeReceipt> {
    const receivedAt = new Date();
    const receiptId = await this.singles.add(line);
    return { receiptId, receivedAt, fate: await this.fateFor(ack, receiptId) };
  }

  /**
   * What became of a receipt; undefined if none such was given, or it is older than the retention.
   * @throws log_queue_unavailable if it is not stored as far as the database knows and Redis cannot be asked.
   */
  async fate(receiptId: string): Promise<IntakeFate | undefined> {
    try {
      if ((await this.queue.waitingAmong([receiptId])).has(receiptId)) return 'queued';
      return (await this.ledger.fatesOf([receiptId])).get(receiptId);
    } catch (error) {
      if (!(error instanceof RedisAwayError)) throw error;
      const stored = (await this.ledger.fatesOf([receiptId])).get(receiptId);
      if (stored === undefined) throw unavailable(error);
      return stored;
    }
  }

  private async fateFor(ack: Acknowledgement, receiptId: string): Promise<IntakeFate> {
    return ack === 'queued' ? 'queued' : this.watch.untilStored(receiptId);
  }

  /** @returns the receipt: an earlier one, if the same request was taken in before. */
  private async append(
    lines: readonly LogLine[],
    source: IntakeRequest['source'],
    dedupKey?: string,
  ): Promise<string> {
    const receiptId = newId();
    const rows = packWithinLimits(lines);
    try {
      const result = await this.queue.add({ receiptId, lineCount: lines.length, rows, dedupKey });
      if (result.kind === 'again') return result.receiptId;
      if (result.kind === 'full') {
        this.refusedLines.inc({ reason: 'backlog_full' }, lines.length);
        throw logBacklogFull({ retryAfterSeconds: RETRY_AFTER_SECONDS });
      }
    } catch (error) {
      if (!(error instanceof RedisAwayError)) throw error;
      this.refusedLines.inc({ reason: 'queue_unavailable' }, lines.length);
      throw unavailable(error);
    }
    this.acceptedLines.inc({ source }, lines.length);
    return receiptId;
  }
}

function packWithinLimits(lines: readonly LogLine[]): EntryRows {
  try {
    const rows = packRows(lines);
    if (rows.text.length <= MAX_TEXT_CHARACTERS) return rows;
  } catch (error) {
    if (!(error instanceof LogDataTooLongError)) throw error;
    throw logEntryTooLarge({ detail: error.message, details: { index: error.index } });
  }
  throw logEntryTooLarge({ detail: `At most ${MAX_TEXT_CHARACTERS} characters as they are stored.` });
}

function unavailable(cause: Error) {
  return logQueueUnavailable({ retryAfterSeconds: RETRY_AFTER_SECONDS, cause });
}

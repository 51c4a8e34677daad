import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';
import type { ConfigOf } from '../../../platform/config/index.js';
import { counter } from '../../../platform/metrics/index.js';
import { Clock } from '../../../shared/clock.js';
import type { Acknowledgement, IntakeReceipt, IntakeSource } from '../domain/intake.js';
import type { DecodedLines } from '../domain/line-fault.js';
import { timeWindow } from '../domain/line-time.js';
import type { LogLine } from '../domain/log-line.js';
import type { LineContext } from '../domain/seed-line.js';
import { LogIntake } from '../log-intake.service.js';
import { logsConfig } from '../logs.config.js';
import { logStorePending } from '../logs.errors.js';
import { tooManyLogLines } from './intake.errors.js';
import { LineLimiter } from './line-limiter.js';

/** In one request of any format but the batch route's, which has its own bound. */
const MAX_LINES = 50_000;

export const receptionMetric = counter(
  'lockkeeper_logs_invalid_lines_total',
  'Log lines that were not taken in because they are none, by source.',
  ['source'],
);

/** A request as far as it concerns all formats. */
export interface ReceivedRequest {
  readonly source: IntakeSource;
  readonly ack: Acknowledgement;
  readonly caller: string;
  /** By which a retry of the same request is known. */
  readonly dedupKey?: string | undefined;
}

/** What happens to decoded lines, whatever format they came in. */
@Injectable()
export class LogReception {
  constructor(
    private readonly intake: LogIntake,
    private readonly limiter: LineLimiter,
    private readonly clock: Clock,
    @Inject(logsConfig.token) private readonly config: ConfigOf<typeof logsConfig>,
    @InjectMetric('lockkeeper_logs_invalid_lines_total') private readonly invalidLines: Counter,
  ) {}

  /** What the lines of a request that comes now are read with. */
  context(bodyBytes: number): LineContext {
    return { window: timeWindow(this.clock.nowMs(), this.config.retentionDays), bodyBytes };
  }

  /**
   * Takes in the good lines of a request, all or none, and counts the others.
   * @returns undefined if there are no good ones.
   * @throws too_many_log_lines, log_rate_exceeded, and what `LogIntake.accept` throws.
   */
  async take(
    { lines, faults }: DecodedLines<LogLine>,
    { source, ack, caller, dedupKey }: ReceivedRequest,
  ): Promise<IntakeReceipt | undefined> {
    const count = lines.length + faults.length;
    if (count > MAX_LINES) {
      throw tooManyLogLines({
        detail: `At most ${MAX_LINES} lines in one request.`,
        details: { limit: MAX_LINES },
      });
    }
    if (faults.length > 0) this.invalidLines.inc({ source }, faults.length);
    if (lines.length === 0) return undefined;
    await this.limiter.count(caller, lines.length);
    return this.untilPatienceEnds(() =>
      this.intake.accept({ lines, ack, source, ...(dedupKey === undefined ? {} : { dedupKey }) }),
    );
  }

  /** Takes in a single line. @throws as `take` */
  async takeSingle(line: LogLine, { ack, caller }: ReceivedRequest): Promise<IntakeReceipt> {
    await this.limiter.count(caller, 1);
    return this.untilPatienceEnds(() => this.intake.acceptSingle(line, ack));
  }

  /** Lines that were taken in but are not stored yet are a success: an error would have them sent once more. */
  private async untilPatienceEnds(accept: () => Promise<IntakeReceipt>): Promise<IntakeReceipt> {
    const receivedAt = new Date(this.clock.nowMs());
    try {
      return await accept();
    } catch (error) {
      if (!logStorePending.is(error)) throw error;
      return { receiptId: String(error.details?.['receipt_id']), receivedAt, fate: 'queued' };
    }
  }
}

/** Whether logs that were to be stored are not yet. */
export function isStillQueued(ack: Acknowledgement, { fate }: IntakeReceipt): boolean {
  return ack === 'stored' && fate === 'queued';
}

/** The same for a client's second attempt with the same body, and for nothing else. */
export function bodyKey(source: IntakeSource, caller: string, body: Buffer): string {
  return createHash('sha1').update(`${source}\n${caller}\n`).update(body).digest('base64url');
}

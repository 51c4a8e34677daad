import { Injectable, Logger, ServiceUnavailableException } from '@nestjs/common';
import { type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import type { HealthReport, PartHealth } from './health.dto.js';
import { HealthChecks } from './health-checks.js';

/** How old a report may be, so that monitors cannot load the database. */
const REPORT_AGE_MS = 1_000;

const messages: Record<HealthReport['status'], string> = {
  ok: 'Service is running',
  degraded: 'Service is running, degraded',
  error: 'Service cannot serve',
};

/** Says how the service is, as far as this process can see. */
@Injectable()
export class HealthService {
  private readonly logger = new Logger('Health');
  private readonly causes = new Map<string, string>();
  private current: { report: Promise<HealthReport>; measuredAtMs: number } | undefined;

  constructor(
    private readonly terminus: HealthCheckService,
    private readonly checks: HealthChecks,
  ) {}

  /** The state of every part, at most a second old. It comes within 300 ms, whatever hangs, and never fails. */
  report(): Promise<HealthReport> {
    const now = performance.now();
    if (!this.current || now - this.current.measuredAtMs > REPORT_AGE_MS) {
      this.current = { report: this.measure(), measuredAtMs: now };
    }
    return this.current.report;
  }

  private async measure(): Promise<HealthReport> {
    const details = await this.runChecks();
    const troubles = Object.values(details).filter((part) => part.status !== 'up');
    const status = statusOf(details, troubles.length > 0);
    return {
      status,
      message: messages[status],
      queue_size: queueSize(details),
      workers_active: numberOr(details['workers']?.['active'], null),
      ...(troubles.length > 0 ? { reasons: troubles.map((part) => part.message ?? 'Unknown.') } : {}),
      details,
    };
  }

  private async runChecks(): Promise<Record<string, PartHealth>> {
    const checks = this.checks.list((part, cause) => this.noteCause(part, cause));
    try {
      return (await this.terminus.check(checks)).details;
    } catch (error) {
      // Terminus throws the result if a part is down or the process stops.
      if (!(error instanceof ServiceUnavailableException)) throw error;
      return (error.getResponse() as HealthCheckResult).details;
    }
  }

  /** Logs when a part goes bad and when it is well again, not every time somebody asks. */
  private noteCause(part: string, cause: string | undefined): void {
    const wasBad = this.causes.has(part);
    if (cause === undefined) {
      this.causes.delete(part);
      if (wasBad) this.logger.log(`${part} is well again`);
      return;
    }
    this.causes.set(part, cause);
    if (!wasBad) this.logger.warn(`${part} is not well`, { cause });
  }
}

/** While one of MySQL and Redis is there, what has begun goes on and is kept; without both nothing is. */
function statusOf(details: Record<string, PartHealth>, isTroubled: boolean): HealthReport['status'] {
  const areStoresAway = [details['mysql'], details['redis']].every((store) => store?.status === 'down');
  if (areStoresAway) return 'error';
  return isTroubled ? 'degraded' : 'ok';
}

/** All that waits or runs: the jobs of the queues, and what features keep elsewhere. */
function queueSize(details: Record<string, PartHealth>): number | null {
  const { queues } = details;
  if (!queues || queues['waiting'] === undefined) return null;
  const jobs = ['waiting', 'active', 'delayed'].map((state) => numberOr(queues[state], 0));
  const features = Object.values(details).map((part) => numberOr(part['queue_size'], 0));
  return [...jobs, ...features].reduce((sum, count) => sum + count, 0);
}

function numberOr<T>(value: unknown, otherwise: T): number | T {
  return typeof value === 'number' ? value : otherwise;
}

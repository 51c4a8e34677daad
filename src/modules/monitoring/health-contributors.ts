import { Injectable } from '@nestjs/common';
import type { Finding } from './domain/verdicts.js';
import { Reading } from './reading.js';

/** What features add to the overview, under the names that it has there. */
export interface OverviewFigures {
  readonly scheduler: { readonly mode: string; readonly is_lease_held: boolean };
  readonly save_lag_ms: number;
  readonly parked_conversations: number;
  readonly quarantined_entries: number;
  readonly log_backlog_bytes: number;
}

/** What a feature adds to the health report, and to the overview. */
export interface HealthContribution {
  /** Work that waits somewhere other than in a job queue; added to `queue_size`. */
  queueSize?: number;
  /** Why the service is degraded, as one sentence that anybody may read. Absent if all is well. */
  reason?: string;
  /** Figures shown under the feature's name in `details`. */
  details?: Record<string, number | string | boolean | null>;
  /** Figures of the overview. One that is absent is not known just now. */
  figures?: Partial<OverviewFigures>;
  /** What speaks against a good verdict. */
  findings?: readonly Finding[];
}

/**
 * Measures one part of a feature. It is asked about once a second, and given up on after a fifth of a second; so what
 * needs Redis and what needs MySQL are parts of their own.
 */
export type MeasureHealth = () => Promise<HealthContribution>;

const READING_AGE_MS = 900;
const TIMEOUT_MS = 200;

/** Where feature modules register what they know about the health of the service. */
@Injectable()
export class HealthContributors {
  private readonly readings = new Map<string, Reading<HealthContribution>>();

  /** @throws if the name is taken. */
  register(name: string, measure: MeasureHealth): void {
    if (this.readings.has(name)) throw new Error(`The health contributor ${name} is registered twice.`);
    this.readings.set(name, new Reading(measure, { maxAgeMs: READING_AGE_MS, timeoutMs: TIMEOUT_MS }));
  }

  /** Every contributor, and how to read it. Whoever else reads at about the same time gets the same. */
  list(): Array<[name: string, read: MeasureHealth]> {
    return [...this.readings].map(([name, reading]) => [name, () => reading.read()]);
  }
}

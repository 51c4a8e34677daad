import { Injectable } from '@nestjs/common';

/** What a feature adds to the health report. */
export interface HealthContribution {
  /** Work that waits somewhere other than in a job queue; added to `queue_size`. */
  queueSize?: number;
  /** Why the service is degraded, as one sentence that anybody may read. Absent if all is well. */
  reason?: string;
  /** Figures shown under the feature's name in `details`. */
  details?: Record<string, number>;
}

/** Measures one feature. It is asked about once a second, and given up on after a fifth of a second. */
export type MeasureHealth = () => Promise<HealthContribution>;

/** Where feature modules register what they know about the health of the service. */
@Injectable()
export class HealthContributors {
  private readonly measures = new Map<string, MeasureHealth>();

  /** @throws if the name is taken. */
  register(name: string, measure: MeasureHealth): void {
    if (this.measures.has(name)) throw new Error(`The health contributor ${name} is registered twice.`);
    this.measures.set(name, measure);
  }

  list(): Array<[name: string, measure: MeasureHealth]> {
    return [...this.measures];
  }
}

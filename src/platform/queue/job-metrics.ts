import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import { counter, histogram } from '../metrics/index.js';

export const jobMetricProviders = [
  counter('lockkeeper_jobs_total', 'Jobs that this process has run, by outcome.', ['job', 'outcome']),
  histogram(
    'lockkeeper_job_duration_seconds',
    'How long a job ran.',
    ['job'],
    [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
  ),
];

/** Counts and times the jobs of this process. */
@Injectable()
export class JobMetrics {
  constructor(
    @InjectMetric('lockkeeper_jobs_total') private readonly jobs: Counter,
    @InjectMetric('lockkeeper_job_duration_seconds') private readonly duration: Histogram,
  ) {}

  finished(job: string, outcome: 'completed' | 'failed', startedAt: number): void {
    this.jobs.inc({ job, outcome });
    this.duration.observe({ job }, (performance.now() - startedAt) / 1000);
  }
}

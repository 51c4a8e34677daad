import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import { counter, histogram } from '../../../platform/metrics/index.js';
import type { TaskQueueName } from '../domain/task.js';

/** How a run of a task ended. */
export type RunOutcome = 'finished' | 'failed' | 'retried' | 'cancelled' | 'released' | 'lost';

const SECONDS = [0.01, 0.05, 0.25, 1, 5, 15, 60, 300, 1_200, 3_600];

export const taskMetricProviders = [
  counter('lockkeeper_task_runs_total', 'Runs of tasks that this process has ended, by outcome.', [
    'queue',
    'task',
    'outcome',
  ]),
  histogram('lockkeeper_task_duration_seconds', 'How long runs of tasks took.', ['queue', 'task'], SECONDS),
  histogram(
    'lockkeeper_task_wait_seconds',
    'How long tasks waited until a run began, from when they were put in or were due.',
    ['queue'],
    SECONDS,
  ),
];

/** Counts and times the runs of tasks in this process. */
@Injectable()
export class TaskMetrics {
  constructor(
    @InjectMetric('lockkeeper_task_runs_total') private readonly runs: Counter,
    @InjectMetric('lockkeeper_task_duration_seconds') private readonly duration: Histogram,
    @InjectMetric('lockkeeper_task_wait_seconds') private readonly wait: Histogram,
  ) {}

  begun(queue: TaskQueueName, waitedMs: number): void {
    this.wait.observe({ queue }, waitedMs / 1_000);
  }

  /** @param startedAt by `performance.now()`; undefined if another process ran it. */
  ended(queue: TaskQueueName, task: string, outcome: RunOutcome, startedAt?: number): void {
    this.runs.inc({ queue, task, outcome });
    if (startedAt !== undefined) {
      this.duration.observe({ queue, task }, (performance.now() - startedAt) / 1_000);
    }
  }
}

import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import { counter, histogram } from '../../../platform/metrics/index.js';
import type { Turn } from '../domain/turn.js';

export const saveMetricProviders = [
  counter('lockkeeper_saved_turns_total', 'Turns that this process has written to the database.', []),
  counter('lockkeeper_save_refusals_total', 'Tries to write a group of turns that the database refused.', []),
  histogram(
    'lockkeeper_save_group_size',
    'How many turns were written together.',
    [],
    [1, 2, 5, 10, 20, 50, 100],
  ),
  histogram(
    'lockkeeper_save_duration_seconds',
    'How long it took to write a group of turns.',
    [],
    [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
  ),
  histogram(
    'lockkeeper_save_lag_seconds',
    'How long after its end a turn was in the database.',
    [],
    [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  ),
];

/** Counts and times the saves of this process. */
@Injectable()
export class SaveMetrics {
  constructor(
    @InjectMetric('lockkeeper_saved_turns_total') private readonly turns: Counter,
    @InjectMetric('lockkeeper_save_refusals_total') private readonly refusals: Counter,
    @InjectMetric('lockkeeper_save_group_size') private readonly groupSize: Histogram,
    @InjectMetric('lockkeeper_save_duration_seconds') private readonly duration: Histogram,
    @InjectMetric('lockkeeper_save_lag_seconds') private readonly lag: Histogram,
  ) {}

  saved(turns: readonly Turn[], durationMs: number): void {
    if (turns.length === 0) return;
    const now = Date.now();
    this.turns.inc(turns.length);
    this.groupSize.observe(turns.length);
    this.duration.observe(durationMs / 1_000);
    for (const { finished_at } of turns) {
      if (finished_at !== null) this.lag.observe(Math.max(0, now - Date.parse(finished_at)) / 1_000);
    }
  }

  refused(): void {
    this.refusals.inc();
  }
}

import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge, Histogram } from 'prom-client';
import { counter, gauge, histogram } from '../../../platform/metrics/index.js';
import { type ScheduleMode, scheduleModes } from '../domain/redis-switch.js';
import type { SlotPath } from '../domain/slot.js';

export const scheduleMetricProviders = [
  counter(
    'lockkeeper_schedule_runs_total',
    'Slots that this process has ended, or tried in vain, by outcome.',
    ['task', 'outcome'],
  ),
  histogram(
    'lockkeeper_schedule_run_duration_seconds',
    'How long a try of a slot ran.',
    ['task'],
    [0.01, 0.05, 0.2, 1, 5, 30, 120, 600, 1800],
  ),
  histogram(
    'lockkeeper_schedule_lateness_seconds',
    'How long after its due time a slot was started.',
    ['path'],
    [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300],
  ),
  counter(
    'lockkeeper_schedule_duplicates_prevented_total',
    'Slots that somebody else had begun when this process wanted to.',
    ['task'],
  ),
  gauge(
    'lockkeeper_schedule_engine_mode',
    'How this process drives the schedules: 1 for the mode; 0 without the lease.',
    ['mode'],
  ),
  gauge('lockkeeper_schedule_engine_epoch', 'The epoch of the lease that this process has; 0 without.', []),
  gauge(
    'lockkeeper_schedule_database_away',
    'Whether nothing is run since the database is away (1) or not (0).',
    [],
  ),
  gauge(
    'lockkeeper_schedule_abandoned_runs',
    'Runs that were given up at their hard limit and still go on.',
    [],
  ),
];

/** Counts and times what this process does for the schedules. */
@Injectable()
export class ScheduleMetrics {
  constructor(
    @InjectMetric('lockkeeper_schedule_runs_total') private readonly runs: Counter,
    @InjectMetric('lockkeeper_schedule_run_duration_seconds') private readonly duration: Histogram,
    @InjectMetric('lockkeeper_schedule_lateness_seconds') private readonly lateness: Histogram,
    @InjectMetric('lockkeeper_schedule_duplicates_prevented_total') private readonly duplicates: Counter,
    @InjectMetric('lockkeeper_schedule_engine_mode') private readonly mode: Gauge,
    @InjectMetric('lockkeeper_schedule_engine_epoch') private readonly epoch: Gauge,
    @InjectMetric('lockkeeper_schedule_database_away') private readonly databaseAway: Gauge,
    @InjectMetric('lockkeeper_schedule_abandoned_runs') private readonly abandoned: Gauge,
  ) {}

  started(path: SlotPath, latenessMs: number): void {
    this.lateness.observe({ path }, Math.max(0, latenessMs) / 1_000);
  }

  ended(task: string, outcome: string, durationMs: number): void {
    this.runs.inc({ task, outcome });
    this.duration.observe({ task }, durationMs / 1_000);
  }

  skipped(task: string, slots = 1): void {
    this.runs.inc({ task, outcome: 'skipped' }, slots);
  }

  duplicatePrevented(task: string): void {
    this.duplicates.inc({ task });
  }

  /** Without a mode: this process has no lease. */
  setMode(current: ScheduleMode | undefined, epoch: number): void {
    for (const mode of scheduleModes) this.mode.set({ mode }, mode === current ? 1 : 0);
    this.epoch.set(epoch);
  }

  setDatabaseAway(isAway: boolean): void {
    this.databaseAway.set(isAway ? 1 : 0);
  }

  setAbandoned(count: number): void {
    this.abandoned.set(count);
  }
}

import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { counter, gauge } from '../../platform/metrics/index.js';
import type { TurnStatus } from '../conversation/index.js';

export const turnMetricProviders = [
  counter('lockkeeper_turns_total', 'Turns that this process has ended, by how they ended.', ['status']),
  gauge('lockkeeper_running_turns', 'Turns that run in this process.', []),
];

/** Counts the turns of this process. */
@Injectable()
export class TurnMetrics {
  constructor(
    @InjectMetric('lockkeeper_turns_total') private readonly turns: Counter,
    @InjectMetric('lockkeeper_running_turns') private readonly running: Gauge,
  ) {}

  ended(status: TurnStatus): void {
    this.turns.inc({ status });
  }

  setRunning(count: number): void {
    this.running.set(count);
  }
}

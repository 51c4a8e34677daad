import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import { counter, histogram } from '../../platform/metrics/index.js';
import { MICRO_COINS_PER_COIN } from '../../shared/money.js';
import type { Decision } from './domain/decision.js';
import type { EntryKind } from './domain/journal.js';
import type { Outcome } from './domain/operation-group.js';

export const coinMetricProviders = [
  histogram(
    'lockkeeper_coin_group_size',
    'How many operations were committed together.',
    [],
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
  ),
  histogram(
    'lockkeeper_coin_wait_seconds',
    'How long an operation stood in line before its group began.',
    [],
    [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
  ),
  counter('lockkeeper_coin_operations_total', 'Operations on accounts, by outcome.', ['outcome']),
  counter('lockkeeper_coin_entries_total', 'Entries that were written to the journal, by kind.', ['kind']),
  counter(
    'lockkeeper_coins_charged_total',
    'Coins that were settled or taken as penalties, debts included.',
    [],
  ),
];

/** What a charge is called in the journal. */
const CHARGES: ReadonlySet<EntryKind> = new Set(['settle', 'penalty']);

/** Counts and times the operations on accounts that this process commits. */
@Injectable()
export class CoinMetrics {
  constructor(
    @InjectMetric('lockkeeper_coin_group_size') private readonly groupSize: Histogram,
    @InjectMetric('lockkeeper_coin_wait_seconds') private readonly waitSeconds: Histogram,
    @InjectMetric('lockkeeper_coin_operations_total') private readonly operations: Counter,
    @InjectMetric('lockkeeper_coin_entries_total') private readonly entries: Counter,
    @InjectMetric('lockkeeper_coins_charged_total') private readonly charged: Counter,
  ) {}

  /** A group is begun, whose operations have waited since these times (`performance.now()`). */
  begun(waitingSinceMs: readonly number[]): void {
    const now = performance.now();
    this.groupSize.observe(waitingSinceMs.length);
    for (const sinceMs of waitingSinceMs) this.waitSeconds.observe((now - sinceMs) / 1_000);
  }

  /** A group is committed. */
  committed(outcomes: readonly Outcome[]): void {
    const decisions = outcomes.flatMap((outcome) => ('decision' in outcome ? [outcome.decision] : []));
    this.count('applied', decisions.filter(({ kind }) => kind === 'apply').length);
    this.count('repeated', decisions.filter(({ kind }) => kind === 'repeat').length);
    this.count('refused', decisions.filter(({ kind }) => kind === 'reject').length);
    this.count('failed', outcomes.length - decisions.length);
    this.countEntries(decisions);
  }

  /** Operations came to nothing: the database was away, say. */
  failed(operations: number): void {
    this.count('failed', operations);
  }

  private count(outcome: 'applied' | 'repeated' | 'refused' | 'failed', operations: number): void {
    if (operations > 0) this.operations.inc({ outcome }, operations);
  }

  private countEntries(decisions: readonly Decision<unknown>[]): void {
    const counts = new Map<EntryKind, number>();
    let chargedMicroCoins = 0n;
    for (const decision of decisions) {
      if (decision.kind !== 'apply') continue;
      for (const { kind, balanceDelta, debtDelta } of decision.entries) {
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
        if (CHARGES.has(kind)) chargedMicroCoins += debtDelta - balanceDelta;
      }
    }
    for (const [kind, count] of counts) this.entries.inc({ kind }, count);
    // A rate is read from it, not a balance.
    if (chargedMicroCoins > 0n) this.charged.inc(Number(chargedMicroCoins) / Number(MICRO_COINS_PER_COIN));
  }
}

import { Injectable } from '@nestjs/common';
import { ClusterMetrics, type ClusterReading } from '../../../platform/metrics/index.js';
import { type Counted, type CountedSeries, rateMetrics, type Rates, ratesBetween } from '../domain/rates.js';

/** Rates are over so long, or for as long as somebody has looked. */
const WINDOW_MS = 10_000;
/** So close together two readings may be one. */
const SHORTEST_MS = 1_000;
/** Of a reading that is older, nobody would call what follows a rate of now. */
const OLDEST_MS = 60_000;

const counters: ReadonlySet<string> = new Set([
  rateMetrics.turns,
  rateMetrics.logs,
  rateMetrics.coins,
  rateMetrics.requests,
]);

/** Reads what all processes of this machine count, and tells how fast it grows. It asks neither Redis nor MySQL. */
@Injectable()
export class RateMeter {
  /** From the oldest on. */
  private readings: Counted[] = [];

  constructor(private readonly metrics: ClusterMetrics) {}

  /** The rates over the last ten seconds; undefined when asked for the first time for a minute. It does not fail. */
  async read(): Promise<Rates | undefined> {
    const latest = this.readings.at(-1);
    if (latest && performance.now() - latest.atMs < SHORTEST_MS) return this.ratesUntil(latest);
    const reading = await this.metrics.read();
    const now = {
      atMs: performance.now(),
      processes: new Set(reading.processes.filter(({ isUp }) => isUp).map(({ process }) => process)),
      series: seriesOf(reading),
    };
    this.keep(now);
    return this.ratesUntil(now);
  }

  private ratesUntil(now: Counted): Rates | undefined {
    const since = this.readings.find(({ atMs }) => now.atMs - atMs >= SHORTEST_MS);
    return since && ratesBetween(since, now);
  }

  /** Keeps one reading from before the window, so that the window is covered. */
  private keep(now: Counted): void {
    const recent = this.readings.filter(({ atMs }) => now.atMs - atMs < OLDEST_MS);
    const firstInside = recent.findIndex(({ atMs }) => now.atMs - atMs < WINDOW_MS);
    const from = firstInside === -1 ? recent.length - 1 : firstInside - 1;
    this.readings = [...recent.slice(Math.max(0, from)), now];
  }
}

function seriesOf({ processes }: ClusterReading): CountedSeries[] {
  return processes.flatMap(({ process, metrics }) =>
    metrics.flatMap(({ name, values }) => {
      if (counters.has(name)) {
        return values.map(({ labels, value }) => ({ metric: name, process, labels, value }));
      }
      if (name !== rateMetrics.durations) return [];
      return values
        .filter(({ metricName }) => metricName?.endsWith('_bucket'))
        .map(({ labels, value }) => ({ metric: `${name}_bucket`, process, labels, value }));
    }),
  );
}

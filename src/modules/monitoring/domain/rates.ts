/** A series of a counter, or a bucket of a histogram, in one process. */
export interface CountedSeries {
  /** The metric's name; of a bucket with `_bucket`. */
  readonly metric: string;
  readonly process: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** All counters at one time, in milliseconds of some steady clock. */
export interface Counted {
  readonly atMs: number;
  /** The processes that told what they count, even if that is nothing yet. */
  readonly processes: ReadonlySet<string>;
  readonly series: readonly CountedSeries[];
}

/** What happened per second between two times. */
export interface Rates {
  readonly turnsPerSecond: number;
  readonly logsPerSecond: number;
  readonly coinsPerSecond: number;
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  /** Null if there was no request. */
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
}

/** The counters that rates are read from. */
export const rateMetrics = {
  turns: 'lockkeeper_turns_total',
  logs: 'lockkeeper_logs_accepted_lines_total',
  coins: 'lockkeeper_coins_charged_total',
  requests: 'lockkeeper_http_requests_total',
  durations: 'lockkeeper_http_request_duration_seconds',
} as const;

const FIRST_SERVER_ERROR = 500;
/** Streams last for as long as somebody listens; how long says nothing about how fast we are. */
const STREAM_ROUTE = /\/(?:live|tail|stream)$/;
const MS_PER_SECOND = 1_000;

/**
 * What happened between two readings, per second. A process that began anew counts from nought again, and one that was
 * not heard of the first time counts from the second on, so that neither shows as a leap.
 */
export function ratesBetween(before: Counted, after: Counted): Rates {
  const seconds = Math.max(0.001, (after.atMs - before.atMs) / MS_PER_SECOND);
  const grown = growthOf(before, after);
  const perSecond = (metric: string, isMeant: (series: CountedSeries) => boolean = () => true) =>
    sum(grown.filter((series) => series.metric === metric && isMeant(series))) / seconds;
  const quantile = quantilesOf(
    grown.filter(
      ({ metric, labels }) =>
        metric === `${rateMetrics.durations}_bucket` && !STREAM_ROUTE.test(String(labels['route'])),
    ),
  );
  return {
    turnsPerSecond: perSecond(rateMetrics.turns),
    logsPerSecond: perSecond(rateMetrics.logs),
    coinsPerSecond: perSecond(rateMetrics.coins),
    requestsPerSecond: perSecond(rateMetrics.requests),
    errorsPerSecond: perSecond(
      rateMetrics.requests,
      ({ labels }) => Number(labels['status']) >= FIRST_SERVER_ERROR,
    ),
    latencyP50Ms: quantile(0.5),
    latencyP95Ms: quantile(0.95),
  };
}

function growthOf(before: Counted, after: Counted): CountedSeries[] {
  const known = new Map(before.series.map((series) => [keyOf(series), series.value]));
  return after.series
    .filter(({ process }) => before.processes.has(process))
    .map((series) => {
      const was = known.get(keyOf(series)) ?? 0;
      return { ...series, value: series.value >= was ? series.value - was : series.value };
    });
}

function keyOf({ metric, process, labels }: CountedSeries): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return `${metric} ${process} ${pairs.sort().join(' ')}`;
}

function sum(series: readonly CountedSeries[]): number {
  return series.reduce((total, { value }) => total + value, 0);
}

/** Reads quantiles off the buckets of a histogram, each of which counts what is below its limit. */
function quantilesOf(buckets: readonly CountedSeries[]): (share: number) => number | null {
  const counts = new Map<number, number>();
  for (const { labels, value } of buckets) {
    const limit = labels['le'] === '+Inf' ? Infinity : Number(labels['le']);
    counts.set(limit, (counts.get(limit) ?? 0) + value);
  }
  const limits = [...counts.keys()].sort((a, b) => a - b);
  const total = counts.get(Infinity) ?? 0;
  return (share) => {
    if (total === 0) return null;
    const rank = share * total;
    let [lower, below] = [0, 0];
    for (const limit of limits) {
      const count = counts.get(limit) ?? 0;
      if (count >= rank) {
        // Of what is above all limits nothing more is known.
        if (limit === Infinity) return lower * MS_PER_SECOND;
        const inBucket = Math.max(1, count - below);
        return (lower + ((limit - lower) * (rank - below)) / inBucket) * MS_PER_SECOND;
      }
      [lower, below] = [limit, count];
    }
    return lower * MS_PER_SECOND;
  };
}

/** One value of a metric. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** If it is not the family's: of a histogram `…_bucket`, `…_sum`, `…_count`. */
  readonly metricName?: string;
}

/** A metric with all of its values. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly MetricSample[];
}

/** What one process of the product has counted. */
export interface ProcessMetrics {
  /** Its role and number: `api-0`, `worker-1`. */
  readonly process: string;
  /** Whether it answered. One that did not has no metrics. */
  readonly isUp: boolean;
  readonly metrics: readonly MetricFamily[];
}

/** A gauge with one value, or one for each of some labels. */
export function gaugeFamily(
  name: string,
  help: string,
  values: number | readonly MetricSample[],
): MetricFamily {
  return {
    name,
    help,
    type: 'gauge',
    values: typeof values === 'number' ? [{ labels: {}, value: values }] : values,
  };
}

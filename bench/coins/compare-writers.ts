import type { Row } from '../lib/benchmark.ts';
import { round } from '../lib/report.ts';
import { median, Samples } from '../lib/samples.ts';
import type { HoldMeasurement } from './measure-holds.ts';

/** How one way to hold coins did against the others in the same scenario. */
export interface Compared {
  scenario: string;
  callers: number;
  variant: string;
  /** The median of the rounds. */
  holdsPerSecond: number;
  /** The median over the rounds of this variant's rate divided by the best classic one's of the same round. */
  ratio: number;
  latencies: Samples;
  failed: number;
  errors: [text: string, times: number][];
}

/** A way to hold coins. */
export interface Variant {
  name: string;
  /** Others are compared with the best of these. */
  isClassic: boolean;
  measure: () => Promise<HoldMeasurement>;
}

/** Measures all variants by turns (A B C A B C …), so that what else the machine does hits all of them. */
export async function compareWriters(
  scenario: string,
  callers: number,
  variants: readonly Variant[],
  rounds: number,
): Promise<Compared[]> {
  const measured = variants.map((): HoldMeasurement[] => []);
  for (let number = 0; number < rounds; number++) {
    for (const [index, variant] of variants.entries()) measured[index]?.push(await variant.measure());
  }
  const rates = measured.map((own) => own.map(({ holdsPerSecond }) => holdsPerSecond));
  const best = Array.from({ length: rounds }, (_, number) =>
    Math.max(...rates.filter((_own, index) => variants[index]?.isClassic).map((own) => own[number] ?? 0)),
  );
  return variants.map(({ name }, index) => {
    const latencies = new Samples();
    for (const { latenciesMs } of measured[index] ?? [])
      for (const value of latenciesMs) latencies.add(value);
    return {
      scenario,
      callers,
      variant: name,
      holdsPerSecond: median(rates[index] ?? []),
      ratio: median((rates[index] ?? []).map((rate, number) => rate / (best[number] ?? Number.NaN))),
      latencies,
      failed: (measured[index] ?? []).reduce((sum, { failed }) => sum + failed, 0),
      errors: (measured[index] ?? []).flatMap(({ errors }) => errors),
    };
  });
}

export function toRow({
  scenario,
  callers,
  variant,
  holdsPerSecond,
  ratio,
  latencies,
  failed,
}: Compared): Row {
  return {
    scenario,
    callers,
    variant,
    holds_per_s: round(holdsPerSecond),
    ratio: round(ratio),
    p50_ms: round(latencies.percentile(50)),
    p99_ms: round(latencies.percentile(99)),
    failed,
  };
}

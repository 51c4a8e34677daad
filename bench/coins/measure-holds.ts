import { runClosedLoop } from '../lib/closed-loop.ts';
import { HOLD_MICRO_COINS, type HoldWriter } from './hold-writer.ts';

export interface HoldLoad {
  callers: number;
  seconds: number;
  warmUpSeconds: number;
  /** The account of the next hold. */
  nextAccountId: () => string;
}

/** What callers saw. It can be sent between processes. */
export interface HoldMeasurement {
  holdsPerSecond: number;
  latenciesMs: number[];
  /** Over the whole run, warm-up included. */
  failed: number;
  errors: [text: string, times: number][];
  /** How much was frozen on each account according to the answers, warm-up included. */
  frozen: [accountId: string, microCoins: bigint][];
}

/** Runs callers that make one hold after another. */
export async function measureHolds(writer: HoldWriter, load: HoldLoad): Promise<HoldMeasurement> {
  const frozen = new Map<string, bigint>();
  const { results, perSecond, errors } = await runClosedLoop({
    ...load,
    call: async () => {
      const accountId = load.nextAccountId();
      const begin = performance.now();
      await writer.hold(accountId);
      const latencyMs = performance.now() - begin;
      frozen.set(accountId, (frozen.get(accountId) ?? 0n) + HOLD_MICRO_COINS);
      return latencyMs;
    },
  });
  return {
    holdsPerSecond: perSecond,
    latenciesMs: results,
    failed: [...errors.values()].reduce((sum, times) => sum + times, 0),
    errors: [...errors],
    frozen: [...frozen],
  };
}

/** Several at the same time as one. */
export function together(measurements: readonly HoldMeasurement[]): HoldMeasurement {
  return {
    holdsPerSecond: measurements.reduce((sum, { holdsPerSecond }) => sum + holdsPerSecond, 0),
    latenciesMs: measurements.flatMap(({ latenciesMs }) => latenciesMs),
    failed: measurements.reduce((sum, { failed }) => sum + failed, 0),
    errors: measurements.flatMap(({ errors }) => errors),
    frozen: measurements.flatMap(({ frozen }) => frozen),
  };
}

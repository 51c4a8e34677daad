import { answerWithin, NoAnswerError } from '../../platform/redis/index.js';

/** How often and how long something is measured. */
export interface ReadingLimits {
  /** An outcome is told to all who ask within so long. */
  readonly maxAgeMs: number;
  /** Nobody waits for longer. */
  readonly timeoutMs: number;
}

/** What was measured last, and when (`performance.now()`). */
export interface Known<T> {
  readonly value: T;
  readonly atMs: number;
}

/** After so long a measurement that has not ended is taken for one that never will. */
const GIVEN_UP_MS = 10_000;
/** Instead of one that is late, what was known so recently is told: one slow answer is no outage. */
const RECENT_MS = 2_000;

/**
 * A measurement for which many ask: it is taken once for all who ask at about the same time, and while one hangs no
 * other is begun, so that asking costs little however often it is done and whatever hangs.
 */
export class Reading<T> {
  private attempt: { outcome: Promise<T>; startedAtMs: number; endedAtMs: number | undefined } | undefined;
  private lastKnown: Known<T> | undefined;

  constructor(
    private readonly measure: () => Promise<T>,
    private readonly limits: ReadingLimits,
  ) {}

  /**
   * What is measured now, or was known less than two seconds ago if that takes too long. Time in which this process
   * itself was held up does not count.
   * @throws what the measurement fails with; NoAnswerError if it takes too long and nothing is known.
   */
  async read(): Promise<T> {
    const attempt = this.currentAttempt();
    const leftMs = attempt.startedAtMs + this.limits.timeoutMs - performance.now();
    try {
      return await answerWithin(Math.max(0, leftMs), () => attempt.outcome);
    } catch (error) {
      const { lastKnown } = this;
      const isRecent = lastKnown !== undefined && performance.now() - lastKnown.atMs < RECENT_MS;
      if (error instanceof NoAnswerError && isRecent) return lastKnown.value;
      throw error;
    }
  }

  /** Like `read`, with undefined for what cannot be known just now. */
  async tryRead(): Promise<T | undefined> {
    return this.read().catch(() => undefined);
  }

  /** The last outcome that was good, however old; undefined if there never was one. */
  get last(): Known<T> | undefined {
    return this.lastKnown;
  }

  private currentAttempt() {
    const now = performance.now();
    const { attempt } = this;
    const isUsable =
      attempt &&
      (attempt.endedAtMs === undefined
        ? now - attempt.startedAtMs < GIVEN_UP_MS
        : now - attempt.endedAtMs < this.limits.maxAgeMs);
    return isUsable ? attempt : this.begin(now);
  }

  private begin(startedAtMs: number) {
    const attempt = { outcome: this.measure(), startedAtMs, endedAtMs: undefined as number | undefined };
    attempt.outcome.then(
      (value) => {
        attempt.endedAtMs = performance.now();
        this.lastKnown = { value, atMs: attempt.endedAtMs };
      },
      () => (attempt.endedAtMs = performance.now()),
    );
    this.attempt = attempt;
    return attempt;
  }
}

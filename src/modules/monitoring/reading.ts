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

/** That something did not tell in time. */
export class LateReadingError extends Error {
  override readonly name = 'LateReadingError';
}

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

  /** @throws what the measurement fails with; LateReadingError if it takes too long. */
  async read(): Promise<T> {
    const attempt = this.currentAttempt();
    const leftMs = attempt.startedAtMs + this.limits.timeoutMs - performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const fail = () => reject(new LateReadingError(`no answer within ${this.limits.timeoutMs} ms`));
      timer = setTimeout(fail, Math.max(0, leftMs));
    });
    try {
      return await Promise.race([attempt.outcome, late]);
    } finally {
      clearTimeout(timer);
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

/**
 * The time as the application sees it. Injected everywhere a decision depends on it, so that a test
 * can move it. Decisions that several processes must agree on use the database's time instead.
 */
export abstract class Clock {
  /** The current time in milliseconds since the Unix epoch. */
  abstract nowMs(): number;
}

export class SystemClock extends Clock {
  override nowMs(): number {
    return Date.now();
  }
}

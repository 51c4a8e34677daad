import { Injectable } from '@nestjs/common';

/** One place where two records that must agree do not. */
export interface Disagreement {
  accountId: string;
  /** What disagrees: `hold <id>`, `entry <sequence>`, `turn <id>`, or `account`. */
  subject: string;
  /** What was found, and what should be. */
  detail: string;
}

/** Where a check tells what it finds. */
export interface CheckContext {
  readonly signal: AbortSignal;
  /** How many examples of a kind are worth looking up. */
  readonly maxExamples: number;
  /** Reports disagreements of one kind; there may be more than the examples given. */
  found(kind: string, examples: readonly Disagreement[], count?: number): void;
  /** Reports progress: so many more accounts (or turns, …) were looked at. */
  looked(what: string, count: number): void;
}

/**
 * One comparison of the books with themselves or with what a feature keeps. It runs while the service works, so it
 * may only report what cannot come right by itself; and it has to keep in memory no more than a batch.
 */
export interface BookCheck {
  /** Every kind of disagreement that it can find, in snake_case, with one sentence that says what it means. */
  readonly kinds: Readonly<Record<string, string>>;
  run(context: CheckContext): Promise<void>;
}

/** Where the ledger and the features that spend coins register what is to be compared. */
@Injectable()
export class BookChecks {
  private readonly checks: BookCheck[] = [];

  /** @throws if a kind is taken. */
  register(check: BookCheck): void {
    for (const kind of Object.keys(check.kinds)) {
      if (kind in this.kinds()) throw new Error(`The kind of disagreement ${kind} is registered twice.`);
    }
    this.checks.push(check);
  }

  list(): readonly BookCheck[] {
    return this.checks;
  }

  /** Every kind there is, with its meaning. */
  kinds(): Record<string, string> {
    return Object.assign({}, ...this.checks.map((check) => check.kinds)) as Record<string, string>;
  }
}

import { Injectable } from '@nestjs/common';
import { BookChecks, type Disagreement } from './book-checks.js';

/** All disagreements of one kind. */
export interface KindReport {
  kind: string;
  meaning: string;
  count: number;
  examples: Disagreement[];
}

export interface ReconciliationReport {
  isClean: boolean;
  /** How many of what were looked at: `accounts`, `turns`, … */
  looked: Record<string, number>;
  /** Every kind that could be found, also those of which there is none. */
  kinds: KindReport[];
}

const MAX_EXAMPLES = 10;

/** Compares the books: accounts, journal, holds, and what the features keep about what they spent. */
@Injectable()
export class ReconciliationService {
  constructor(private readonly checks: BookChecks) {}

  /**
   * Runs all checks and changes nothing. The service may work meanwhile. With every account of a large
   * installation to read it takes its time; in memory it keeps a batch and the examples.
   * @throws the reason of `signal` when that is aborted
   */
  async reconcile({
    signal = new AbortController().signal,
    maxExamples = MAX_EXAMPLES,
    onProgress,
  }: {
    signal?: AbortSignal;
    maxExamples?: number;
    onProgress?: (looked: Readonly<Record<string, number>>) => void;
  } = {}): Promise<ReconciliationReport> {
    const kinds = new Map<string, KindReport>(
      Object.entries(this.checks.kinds()).map(([kind, meaning]) => [
        kind,
        { kind, meaning, count: 0, examples: [] },
      ]),
    );
    const looked: Record<string, number> = {};
    for (const check of this.checks.list()) {
      await check.run({
        signal,
        maxExamples,
        found: (kind, examples, count = examples.length) => {
          const report = kinds.get(kind);
          if (!report) throw new Error(`The kind of disagreement ${kind} is not registered.`);
          report.count += count;
          report.examples.push(...examples.slice(0, maxExamples - report.examples.length));
        },
        looked: (what, count) => {
          looked[what] = (looked[what] ?? 0) + count;
          onProgress?.(looked);
        },
      });
    }
    const reports = [...kinds.values()];
    return { isClean: reports.every(({ count }) => count === 0), looked, kinds: reports };
  }
}

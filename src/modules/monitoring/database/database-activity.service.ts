import { Injectable } from '@nestjs/common';
import { isFeatureAbsent, isRightMissing } from '../../../platform/database/index.js';
import {
  DatabaseActivityRepository,
  type DigestRow,
  type LockWaitRow,
  type RunningRow,
} from './database-activity.repository.js';
import { RecentAnswer } from './recent-answer.js';
import { normaliseStatement } from './statement-text.js';

/** Why a part of an answer is not there, and what is to be done about it. */
export interface MissingSource {
  readonly code: 'right_missing' | 'performance_schema_off' | 'not_supported';
  readonly lost: string;
  readonly remedy: string;
}

/** What could be read, and what not. Statements are without their literals. */
export interface DatabaseReport<T> {
  readonly found: T;
  readonly missing: readonly MissingSource[];
}

export interface SlowStatements {
  readonly running: readonly RunningRow[];
  readonly digests: readonly DigestRow[];
}

const MAX_ROWS = 100;
const MAX_DIGESTS = 50;

const PROCESS_REMEDY =
  'Give the account in LOCKKEEPER_DATABASE_URL the right PROCESS (GRANT PROCESS ON *.* TO …).';
const PERFORMANCE_REMEDY =
  'Give the account in LOCKKEEPER_DATABASE_URL the right to read it (GRANT SELECT ON performance_schema.* TO …).';
const SWITCH_REMEDY = 'Start the server with performance_schema=ON.';

/**
 * MariaDB looks at its transactions anew only if nobody has asked for them for 100 ms: consoles that ask one after the
 * other would be shown for ever what was once. So those of this process ask together, and no more often than this.
 */
const RECENT_MS = 250;

/** What the database is busy with, and who keeps whom waiting. What the server does not tell is named as missing. */
@Injectable()
export class DatabaseActivity {
  private readonly processRight = new RecentAnswer(RECENT_MS, () => this.repository.checkProcessRight());
  private readonly waits = new RecentAnswer(RECENT_MS, () => this.repository.lockWaits(MAX_ROWS));

  constructor(private readonly repository: DatabaseActivityRepository) {}

  /** Statements that have been running for at least `minMs`, and the forms of statements that took the most time. */
  async slowStatements(minMs: number): Promise<DatabaseReport<SlowStatements>> {
    const rights = await this.ask(() => this.processRight.read(), undefined, {
      lost: 'What other accounts run on this database.',
      remedy: PROCESS_REMEDY,
    });
    const running = await this.repository.runningStatements(minMs, MAX_ROWS);
    const digests = await this.readDigests();
    return {
      found: {
        running: running.map((row) => ({ ...row, statement: normaliseStatement(row.statement) })),
        digests: digests.found.map((row) => ({ ...row, statement: normaliseStatement(row.statement ?? '') })),
      },
      missing: [...rights.missing, ...digests.missing],
    };
  }

  /** Who waits for whose locks, as it was a quarter of a second ago at the most. */
  async lockWaits(): Promise<DatabaseReport<readonly LockWaitRow[]>> {
    const { found, missing } = await this.ask<readonly LockWaitRow[]>(() => this.waits.read(), [], {
      lost: 'Who waits for whose locks.',
      remedy: `${PROCESS_REMEDY} On MySQL also GRANT SELECT ON performance_schema.* TO ….`,
    });
    return { found: found.map(withoutLiterals), missing };
  }

  private async readDigests(): Promise<DatabaseReport<readonly DigestRow[]>> {
    const lost = 'Which forms of statements took the most time.';
    if (!(await this.repository.isPerformanceSchemaOn())) {
      return { found: [], missing: [{ code: 'performance_schema_off', lost, remedy: SWITCH_REMEDY }] };
    }
    return this.ask(() => this.repository.digests(MAX_DIGESTS), [], { lost, remedy: PERFORMANCE_REMEDY });
  }

  /** Asks the server; that it may not or cannot tell is part of the answer. */
  private async ask<T>(
    question: () => Promise<T>,
    otherwise: T,
    { lost, remedy }: { lost: string; remedy: string },
  ): Promise<DatabaseReport<T>> {
    try {
      return { found: await question(), missing: [] };
    } catch (error) {
      if (isRightMissing(error))
        return { found: otherwise, missing: [{ code: 'right_missing', lost, remedy }] };
      if (!isFeatureAbsent(error)) throw error;
      const unsupported = { code: 'not_supported', lost, remedy: 'This server does not tell.' } as const;
      return { found: otherwise, missing: [unsupported] };
    }
  }
}

/** MariaDB names a table as `database`.`table`, with partitions behind it. */
const QUALIFIED_TABLE = /^`[^`]*`\.`([^`]*)`/;

function withoutLiterals(row: LockWaitRow): LockWaitRow {
  return {
    ...row,
    locked_table: row.locked_table?.replace(QUALIFIED_TABLE, '$1') ?? null,
    waiting_statement: row.waiting_statement === null ? null : normaliseStatement(row.waiting_statement),
    blocking_statement: row.blocking_statement === null ? null : normaliseStatement(row.blocking_statement),
  };
}

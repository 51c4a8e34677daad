import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { Clock } from '../../../shared/clock.js';
import { addDays, dayOf } from '../domain/days.js';
import { planPartitions } from '../domain/partition-plan.js';
import { logsConfig } from '../logs.config.js';
import {
  PartitionRepository,
  type PartitionedTable,
  type PartitionSession,
  partitionedTables,
} from './partition.repository.js';

/** What was done, or, in a dry run, would have been. */
export interface RetentionReport {
  readonly retentionDays: number;
  readonly made: readonly { readonly table: PartitionedTable; readonly day: string }[];
  readonly dropped: readonly {
    readonly table: PartitionedTable;
    readonly day: string;
    readonly lines: number;
  }[];
  /** Rows of the quarantine that were discarded so long ago. */
  readonly forgottenRefusals: number;
}

/** Makes the days of the logs' tables ahead, and drops those older than `LOCKKEEPER_LOGS_RETENTION_DAYS`. */
@Injectable()
export class LogRetention {
  constructor(
    private readonly partitions: PartitionRepository,
    private readonly clock: Clock,
    @Inject(logsConfig.token) private readonly config: ConfigOf<typeof logsConfig>,
  ) {}

  /** @returns undefined if another process is at it. */
  apply({ isDryRun = false }: { isDryRun?: boolean } = {}): Promise<RetentionReport | undefined> {
    return this.partitions.exclusively((session) => this.applyOn(session, isDryRun));
  }

  private async applyOn(session: PartitionSession, isDryRun: boolean): Promise<RetentionReport> {
    const { retentionDays } = this.config;
    const today = dayOf(this.clock.nowMs());
    const made: { table: PartitionedTable; day: string }[] = [];
    const dropped: { table: PartitionedTable; day: string; lines: number }[] = [];
    for (const table of partitionedTables) {
      const plan = planPartitions(await session.days(table), today, retentionDays);
      if (!isDryRun) await session.make(table, plan.make);
      made.push(...plan.make.map((day) => ({ table, day })));
      let counted = 0;
      for (const day of plan.drop) {
        const lines = await session.count(table, day);
        if (!isDryRun) await session.dropOldest(table, day);
        // Nothing is dropped in a dry run, so each count has the earlier ones in it.
        dropped.push({ table, day, lines: isDryRun ? lines - counted : lines });
        counted = lines;
      }
    }
    const forgottenRefusals = await session.forgetDiscarded(addDays(today, -retentionDays), isDryRun);
    return { retentionDays, made, dropped, forgottenRefusals };
  }
}

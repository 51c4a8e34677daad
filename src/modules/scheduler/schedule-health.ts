import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type Finding, type HealthContribution, HealthContributors } from '../monitoring/index.js';
import { ScheduleOperations } from './operations/schedule-operations.service.js';
import type { LeaseState } from './store/lease.repository.js';

const FAILURES: ReadonlySet<string> = new Set(['failed', 'timed_out']);

/** Adds to the health report and the overview how the schedules are driven, and which tasks failed last. */
@Injectable()
export class ScheduleHealth implements OnModuleInit {
  constructor(
    private readonly contributors: HealthContributors,
    private readonly operations: ScheduleOperations,
  ) {}

  onModuleInit(): void {
    this.contributors.register('scheduler', () => this.measure());
  }

  private async measure(): Promise<HealthContribution> {
    const [lease, schedules] = await Promise.all([this.operations.overview(), this.operations.list()]);
    const failed = schedules
      .filter(({ state }) => FAILURES.has(state?.lastOutcome ?? ''))
      .map(({ task }) => task.name);
    const findings = [...leaseFindings(lease), ...failureFindings(failed)];
    const reason = findings.find(({ verdict }) => verdict === 'liveness')?.reason;
    return {
      ...(reason === undefined ? {} : { reason }),
      details: { mode: lease.mode, is_lease_held: lease.isHeld, failed_tasks: failed.length },
      figures: { scheduler: { mode: lease.mode, is_lease_held: lease.isHeld } },
      findings,
    };
  }
}

function leaseFindings({ isHeld, mode }: LeaseState): Finding[] {
  if (!isHeld) {
    return [
      {
        verdict: 'liveness',
        state: 'warning',
        reasonCode: 'schedules_unattended',
        reason: 'No worker looks after the periodic tasks: none is begun.',
        action: 'Start a worker; it makes up for what was missed.',
      },
    ];
  }
  if (mode === 'redis' || mode === 'suspect') return [];
  return [
    {
      verdict: 'flow',
      state: 'warning',
      reasonCode: 'schedules_without_redis',
      reason: 'The periodic tasks are driven without Redis.',
      action: 'Bring Redis back; unless it is a drill, they go back to it by themselves.',
    },
  ];
}

function failureFindings(failed: readonly string[]): Finding[] {
  if (failed.length === 0) return [];
  return [
    {
      verdict: 'execution',
      state: 'warning',
      reasonCode: 'schedules_failing',
      reason: `The last run of these periodic tasks failed: ${failed.join(', ')}.`,
      action: 'Read its error (Schedules), mend it, and run the task again.',
    },
  ];
}

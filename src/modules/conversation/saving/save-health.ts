import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../../shared/clock.js';
import { type Finding, type HealthContribution, HealthContributors } from '../../monitoring/index.js';
import { ParkedConversationRepository } from './parked-conversation.repository.js';
import { SaveLine } from './save-line.js';

/** A turn is saved within a second; one that has waited for so long is late, and for that long much too late. */
const LATE_MS = 10_000;
const MUCH_TOO_LATE_MS = 60_000;

/** Adds the turns that wait to be saved to the health report and the overview, and the parked conversations. */
@Injectable()
export class SaveHealth implements OnModuleInit {
  constructor(
    private readonly contributors: HealthContributors,
    private readonly line: SaveLine,
    private readonly parked: ParkedConversationRepository,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.contributors.register('saves', () => this.measureRedis());
    this.contributors.register('parked_conversations', () => this.measureMysql());
  }

  /** The turns that wait in Redis, as all do while it is there. */
  private async measureRedis(): Promise<HealthContribution> {
    const [counts, oldest] = await Promise.all([this.line.waitingCounts(), this.line.oldestFinishedAt()]);
    const lagMs = this.ageOf(oldest);
    return {
      queueSize: counts.reduce((sum, count) => sum + count, 0),
      details: { lag_ms: lagMs },
      figures: { save_lag_ms: lagMs },
      ...lateness(lagMs),
    };
  }

  /** The turns that wait in MySQL, since Redis was away or their conversation is parked. */
  private async measureMysql(): Promise<HealthContribution> {
    const [parked, oldest] = await Promise.all([this.parked.count(), this.parked.oldestFinishedAt()]);
    const lagMs = this.ageOf(oldest);
    const { findings, ...late } = lateness(lagMs);
    return {
      details: { parked, lag_ms: lagMs },
      figures: { parked_conversations: parked, save_lag_ms: lagMs },
      ...late,
      findings: [...(findings ?? []), ...parkedFindings(parked)],
    };
  }

  private ageOf(time: Date | undefined): number {
    return time ? Math.max(0, this.clock.nowMs() - time.getTime()) : 0;
  }
}

function lateness(lagMs: number): Pick<HealthContribution, 'reason' | 'findings'> {
  if (lagMs <= LATE_MS) return {};
  const reason = `Turns have waited for ${Math.round(lagMs / 1_000)} s to be saved.`;
  const state = lagMs > MUCH_TOO_LATE_MS ? 'failing' : 'warning';
  const action = 'See whether a worker is there and gets on (Processes), and whether MySQL is slow.';
  return { reason, findings: [{ verdict: 'flow', state, reasonCode: 'saves_late', reason, action }] };
}

function parkedFindings(parked: number): Finding[] {
  if (parked === 0) return [];
  const reason = `${parked} conversations are parked: MySQL refuses a turn of each, and later ones wait behind it.`;
  const action = 'Read why (Conversations, parked); retry when it is mended, or skip the turn.';
  return [{ verdict: 'flow', state: 'warning', reasonCode: 'conversations_parked', reason, action }];
}

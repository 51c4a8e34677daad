import { Injectable, type OnModuleInit } from '@nestjs/common';
import { SharedMetrics } from '../../../platform/metrics/index.js';
import { Clock } from '../../../shared/clock.js';
import { ParkedConversationRepository } from './parked-conversation.repository.js';
import { SaveLine } from './save-line.js';

/** Shows Prometheus, at each scrape, which turns wait to be saved. */
@Injectable()
export class SaveGauges implements OnModuleInit {
  constructor(
    private readonly metrics: SharedMetrics,
    private readonly line: SaveLine,
    private readonly parked: ParkedConversationRepository,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.metrics.register({
      name: 'the turns that wait in Redis',
      gauges: {
        lockkeeper_saves_waiting_turns: 'Finished turns that wait in Redis to be saved.',
        lockkeeper_saves_oldest_age_seconds:
          'How long the oldest finished turn has waited in Redis to be saved; 0 if none waits.',
      },
      read: async () => {
        const [counts, oldest] = await Promise.all([this.line.waitingCounts(), this.line.oldestFinishedAt()]);
        const ageMs = oldest ? Math.max(0, this.clock.nowMs() - oldest.getTime()) : 0;
        return {
          lockkeeper_saves_waiting_turns: sum(counts),
          lockkeeper_saves_oldest_age_seconds: ageMs / 1_000,
        };
      },
    });
    this.metrics.register({
      name: 'the turns that wait in the database',
      gauges: {
        lockkeeper_saves_waiting_turns_in_database:
          'Finished turns that wait in the database: of parked conversations, or of a time without Redis.',
        lockkeeper_parked_conversations: 'Conversations whose oldest unsaved turn cannot be saved.',
      },
      read: async () => {
        const [waiting, parked] = await Promise.all([this.parked.waitingCounts(), this.parked.count()]);
        return {
          lockkeeper_saves_waiting_turns_in_database: sum([...waiting.values()]),
          lockkeeper_parked_conversations: parked,
        };
      },
    });
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

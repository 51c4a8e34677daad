import { Injectable, type OnModuleInit } from '@nestjs/common';
import { SharedMetrics } from '../../../platform/metrics/index.js';
import { ParkedConversationRepository } from './parked-conversation.repository.js';
import { SaveLine } from './save-line.js';

/** Shows Prometheus, at each scrape, which turns wait to be saved. */
@Injectable()
export class SaveGauges implements OnModuleInit {
  constructor(
    private readonly metrics: SharedMetrics,
    private readonly line: SaveLine,
    private readonly parked: ParkedConversationRepository,
  ) {}

  onModuleInit(): void {
    this.metrics.register({
      name: 'the turns that wait in Redis',
      gauges: { lockkeeper_saves_waiting_turns: 'Finished turns that wait in Redis to be saved.' },
      read: async () => ({
        lockkeeper_saves_waiting_turns: sum(await this.line.waitingCounts()),
      }),
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

import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HealthContributors } from '../../monitoring/index.js';
import { ConversationService } from '../conversation.service.js';

/** Adds the turns that wait to be saved to the health report's `queue_size`. */
@Injectable()
export class SaveHealth implements OnModuleInit {
  constructor(
    private readonly contributors: HealthContributors,
    private readonly conversations: ConversationService,
  ) {}

  onModuleInit(): void {
    this.contributors.register('saves', async () => ({
      queueSize: await this.conversations.countWaitingTurns(),
    }));
  }
}

import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Erasers } from '../conversation/index.js';
import { AgentRepository } from './agent.repository.js';
import { SupportAgentService } from './agent.service.js';
import { ChatRepository } from './chat.repository.js';
import { SupportChatService } from './chat.service.js';
import { RetentionRepository } from './retention.repository.js';

/**
 * Erases what is kept of a user: an open chat ends, and all that was said in the user's chats is erased, by either side.
 * If the user is an agent, the chats at hand go back to the queue; what agents said belongs to the chats.
 */
@Injectable()
export class SupportErasure implements OnModuleInit {
  constructor(
    private readonly erasers: Erasers,
    private readonly chats: ChatRepository,
    private readonly chatService: SupportChatService,
    private readonly agentService: SupportAgentService,
    private readonly agents: AgentRepository,
    private readonly retention: RetentionRepository,
  ) {}

  onModuleInit(): void {
    this.erasers.register('support', { eraseUser: (userId) => this.eraseUser(userId) });
  }

  private async eraseUser(userId: string): Promise<void> {
    const open = await this.chats.findOpenOf(userId);
    if (open) await this.chatService.end(open.id, 'erased');
    for (;;) {
      const ids = await this.retention.findErasableOf(userId);
      if (ids.length === 0) break;
      while (await this.retention.eraseSomeTexts(ids));
      await this.retention.markErased(ids);
    }
    await this.eraseAgent(userId);
  }

  private async eraseAgent(userId: string): Promise<void> {
    if (!(await this.agents.find(userId))) return;
    await this.agents.setDuty(userId, false, undefined, 1);
    await this.agentService.requeueChatsOf(userId);
    await this.agents.delete(userId);
    await this.chatService.assignWaiting();
  }
}

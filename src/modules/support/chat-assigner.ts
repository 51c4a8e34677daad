import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { Transactions } from '../../platform/database/index.js';
import { AgentRepository } from './agent.repository.js';
import { ChatEvents } from './chat-events.js';
import { ChatQueue } from './chat-queue.js';
import { ChatRepository } from './chat.repository.js';
import type { Chat } from './domain/chat.js';
import { MessageRepository } from './message.repository.js';
import { supportConfig } from './support.config.js';

const PAGE = 50;
/** An agent who was free may have been given another chat meanwhile; the next look finds the next one. */
const MAX_LOOKS = 20;
const NEVER_ABORTED = new AbortController().signal;

/** Rolls a transaction back: the agent who was found has no place any more. */
class AgentTakenError extends Error {}

/**
 * Gives waiting chats to agents: the oldest first, each to the least loaded agent who can be reached and has a place.
 * Any number of processes may do so at once: a chat is given once, and no agent gets more than the capacity.
 */
@Injectable()
export class ChatAssigner {
  constructor(
    private readonly transactions: Transactions,
    private readonly chats: ChatRepository,
    private readonly messages: MessageRepository,
    private readonly agents: AgentRepository,
    private readonly queue: ChatQueue,
    private readonly events: ChatEvents,
    @Inject(supportConfig.token) private readonly config: ConfigOf<typeof supportConfig>,
  ) {}

  /** Assigns until nobody waits or nobody is free. @returns how many chats were assigned here. */
  async assignWaiting(signal = NEVER_ABORTED): Promise<number> {
    let assigned = 0;
    let after = '0';
    const isAnybodyFree = async () => (await this.findFree([])) !== undefined;
    while (!signal.aborted && (await isAnybodyFree())) {
      const page = await this.chats.nextWaiting(after, PAGE);
      for (const chat of page) {
        if (signal.aborted) break;
        const outcome = await this.assign(chat);
        if (outcome === 'assigned') assigned++;
        if (outcome === 'nobody_free' && !(await isAnybodyFree())) break;
      }
      const last = page.at(-1);
      if (!last) break;
      after = last.number;
    }
    if (assigned > 0) this.queue.announceSoon();
    return assigned;
  }

  private async assign(chat: Chat): Promise<'assigned' | 'not_waiting' | 'nobody_free'> {
    const except = [chat.user_id, ...(chat.avoided_agent_id === null ? [] : [chat.avoided_agent_id])];
    for (let look = 0; look < MAX_LOOKS; look++) {
      const agentId = await this.findFree(except);
      if (agentId === undefined) return 'nobody_free';
      try {
        return (await this.give(chat.id, agentId)) ? 'assigned' : 'not_waiting';
      } catch (error) {
        if (!(error instanceof AgentTakenError)) throw error;
      }
    }
    return 'nobody_free';
  }

  /** @returns false if the chat does not wait any more. @throws AgentTakenError, and nothing is changed. */
  private async give(chatId: string, agentId: string): Promise<boolean> {
    const given = await this.transactions.run(async (transaction) => {
      if (!(await this.chats.claim(transaction, chatId, agentId))) return undefined;
      if (!(await this.agents.takePlace(transaction, agentId, this.config.agentAwayMs))) {
        throw new AgentTakenError();
      }
      await this.messages.insertSystem(transaction, chatId, 'assigned');
      const chat = await this.chats.find(chatId, transaction);
      return chat && { chat, message: await this.messages.findLatest(transaction, chatId) };
    });
    if (given) this.events.changed('assigned', given.chat, given.message);
    return given !== undefined;
  }

  private findFree(except: readonly string[]): Promise<string | undefined> {
    return this.agents.findFree(this.config.agentAwayMs, except);
  }
}

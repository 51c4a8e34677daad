import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { inBatches } from '../../platform/schedule/index.js';
import { AgentRepository } from './agent.repository.js';
import { AgentTakenError, ChatBatchRepository } from './chat-batch.repository.js';
import { ChatEvents } from './chat-events.js';
import { ChatQueue } from './chat-queue.js';
import { ChatRepository } from './chat.repository.js';
import { type FreeAgent, planAssignments } from './domain/assignment.js';
import type { Chat } from './domain/chat.js';
import { supportConfig } from './support.config.js';

/** One transaction, of some milliseconds. */
const SIZES = { first: 50, max: 200 };
/** Agents whom one chat may not be given to. */
const MAX_EXCEPTIONS = 2;
/** An agent who was free may have been given another chat meanwhile; the next look finds the next one. */
const MAX_LOOKS = 20;
const NEVER_ABORTED = new AbortController().signal;

/**
 * Gives waiting chats to agents: the oldest first, each to the least loaded agent who can be reached and has a place.
 * Any number of processes may do so at once: a chat is given once, and no agent gets more than the capacity.
 */
@Injectable()
export class ChatAssigner {
  constructor(
    private readonly chats: ChatRepository,
    private readonly batches: ChatBatchRepository,
    private readonly agents: AgentRepository,
    private readonly queue: ChatQueue,
    private readonly events: ChatEvents,
    @Inject(supportConfig.token) private readonly config: ConfigOf<typeof supportConfig>,
  ) {}

  /** Assigns until nobody waits or nobody is free. @returns how many chats were assigned here. */
  async assignWaiting(signal = NEVER_ABORTED): Promise<number> {
    let assigned = 0;
    await inBatches<string>(signal, SIZES, async (size, after = '0') => {
      const agents = await this.agents.listFree(this.config.agentAwayMs, size + MAX_EXCEPTIONS);
      if (agents.length === 0) return { found: 0 };
      const page = await this.chats.nextWaiting(after, size);
      assigned += await this.assignPage(page, agents, signal);
      return { found: page.length, last: page.at(-1)?.number };
    });
    if (assigned > 0) this.queue.announceSoon();
    return assigned;
  }

  /** All of a page at once; one by one if others give chats to the same agents meanwhile. */
  private async assignPage(page: readonly Chat[], agents: readonly FreeAgent[], signal: AbortSignal) {
    const waiting = page.map((chat) => ({ id: chat.id, exceptAgents: exceptionsOf(chat) }));
    const plan = planAssignments(waiting, agents);
    if (plan.length === 0) return 0;
    try {
      const given = await this.batches.assign(plan, this.config.agentAwayMs);
      for (const { chat, message } of given) this.events.changed('assigned', chat, message);
      return given.length;
    } catch (error) {
      if (!(error instanceof AgentTakenError)) throw error;
    }
    let assigned = 0;
    for (const chat of page) {
      if (signal.aborted) break;
      if (await this.assign(chat)) assigned++;
    }
    return assigned;
  }

  private async assign(chat: Chat): Promise<boolean> {
    for (let look = 0; look < MAX_LOOKS; look++) {
      const agentId = await this.agents.findFree(this.config.agentAwayMs, exceptionsOf(chat));
      if (agentId === undefined) return false;
      try {
        const given = await this.batches.assign([{ chatId: chat.id, agentId }], this.config.agentAwayMs);
        for (const one of given) this.events.changed('assigned', one.chat, one.message);
        return given.length > 0;
      } catch (error) {
        if (!(error instanceof AgentTakenError)) throw error;
      }
    }
    return false;
  }
}

/** The user, and the agent who gave the chat back: they are not to get it. */
function exceptionsOf(chat: Chat): string[] {
  return [chat.user_id, ...(chat.avoided_agent_id === null ? [] : [chat.avoided_agent_id])];
}

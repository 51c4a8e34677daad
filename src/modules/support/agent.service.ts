import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import type { Principal } from '../../platform/http/index.js';
import { Clock } from '../../shared/clock.js';
import { AuditLog } from '../audit/index.js';
import { scopeMissing } from '../auth/index.js';
import { type Agent, AgentRepository } from './agent.repository.js';
import { ChatAccess } from './chat-access.js';
import { ChatEvents } from './chat-events.js';
import { ChatRepository } from './chat.repository.js';
import { SupportChatService } from './chat.service.js';
import type { Chat, Side, SystemEvent } from './domain/chat.js';
import { MessageRepository } from './message.repository.js';
import { supportConfig } from './support.config.js';
import { supportAgentUnavailable, supportChatNotActive } from './support.errors.js';

const DEFAULT_CAPACITY = 3;

/** An agent, and whether new chats can go there. */
export interface AgentState extends Agent {
  canBeReached: boolean;
}

/** Where a chat goes. */
interface Transfer {
  readonly chat: Chat;
  /** Null: back to the queue. */
  readonly toAgentId: string | null;
  readonly actorId: string;
}

/** Agents: on and off duty, and the handing over of their chats. */
@Injectable()
export class SupportAgentService {
  constructor(
    private readonly transactions: Transactions,
    private readonly agents: AgentRepository,
    private readonly chats: ChatRepository,
    private readonly messages: MessageRepository,
    private readonly chatService: SupportChatService,
    private readonly access: ChatAccess,
    private readonly events: ChatEvents,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    @Inject(supportConfig.token) private readonly config: ConfigOf<typeof supportConfig>,
  ) {}

  /** An agent who has never been on duty is one off duty. */
  async getAgent(userId: string): Promise<AgentState> {
    const agent = await this.agents.find(userId);
    return this.stateOf(
      agent ?? {
        user_id: userId,
        is_on_duty: 0,
        capacity: DEFAULT_CAPACITY,
        active_chats: 0,
        seen_at: new Date(this.clock.nowMs()),
        last_assigned_at: null,
      },
    );
  }

  async listAgents(limit: number, afterUserId?: string): Promise<AgentState[]> {
    return (await this.agents.list(limit, afterUserId)).map((agent) => this.stateOf(agent));
  }

  /** On duty: who waits is assigned before this returns. Off duty: no new chats; those there are stay. */
  async setDuty(userId: string, isOnDuty: boolean, capacity?: number): Promise<AgentState> {
    await this.agents.setDuty(userId, isOnDuty, capacity, DEFAULT_CAPACITY);
    if (isOnDuty) await this.chatService.assignWaiting();
    return this.getAgent(userId);
  }

  /**
   * Hands a chat over to another agent, or back to its place in the queue. The agent who has it may do so, and
   * operators, who may also give a waiting one to somebody.
   * @throws support_chat_not_found, support_chat_not_active, support_agent_unavailable, scope_missing
   */
  async transfer(principal: Principal, chatId: string, toAgentId: string | null): Promise<Chat> {
    const { chat, side } = await this.access.find(principal, chatId);
    refuseOwnUser(side);
    if (toAgentId !== null && (toAgentId === chat.user_id || toAgentId === chat.agent_id)) {
      throw supportAgentUnavailable({ param: 'agent_id' });
    }
    const transfer = { chat, toAgentId, actorId: principal.userId };
    const done = await this.transactions.run((transaction) => this.move(transaction, transfer));
    this.events.changed(done.event, done.chat, done.message);
    if (chat.agent_id !== null) this.events.takenAway(chat.agent_id, done.chat);
    await this.chatService.assignWaiting();
    return (await this.chats.find(chatId)) ?? done.chat;
  }

  /** Puts all chats of an agent who is no more back to their places in the queue. */
  async requeueChatsOf(agentId: string): Promise<void> {
    for (;;) {
      const [chat] = await this.chats.list({ agentId, state: 'active', limit: 1 });
      if (!chat) return;
      const transfer = { chat, toAgentId: null, actorId: agentId };
      const done = await this.transactions.run((transaction) => this.move(transaction, transfer));
      this.events.changed(done.event, done.chat, done.message);
    }
  }

  private async move(transaction: Transaction, transfer: Transfer) {
    const { chat, toAgentId, actorId } = transfer;
    const event = await this.changeRow(transaction, transfer);
    if (event === undefined) throw supportChatNotActive();
    if (
      toAgentId !== null &&
      !(await this.agents.takePlace(transaction, toAgentId, this.config.agentAwayMs))
    ) {
      throw supportAgentUnavailable({ param: 'agent_id' });
    }
    if (chat.agent_id !== null) await this.agents.freePlace(transaction, chat.agent_id);
    await this.messages.insertSystem(transaction, chat.id, event);
    await this.audit.record(
      {
        actor: { kind: 'operator', id: actorId },
        action: 'support_chat.transferred',
        subjectKind: 'support_chat',
        subjectId: chat.id,
        detail: { from_agent_id: chat.agent_id, to_agent_id: toAgentId },
      },
      transaction,
    );
    const current = await this.chats.find(chat.id, transaction);
    return { event, chat: current ?? chat, message: await this.messages.findLatest(transaction, chat.id) };
  }

  /** @returns what has happened to the chat; undefined if it is not any more as it was found. */
  private async changeRow(
    transaction: Transaction,
    { chat: { id, agent_id: from, state }, toAgentId: to }: Transfer,
  ): Promise<Extract<SystemEvent, 'assigned' | 'transferred' | 'requeued'> | undefined> {
    if (state === 'waiting') {
      return to !== null && (await this.chats.claim(transaction, id, to)) ? 'assigned' : undefined;
    }
    if (state !== 'active' || from === null) return undefined;
    if (to === null) return (await this.chats.requeue(transaction, id, from)) ? 'requeued' : undefined;
    return (await this.chats.reassign(transaction, id, from, to)) ? 'transferred' : undefined;
  }

  private stateOf(agent: Agent): AgentState {
    const awayMs = this.clock.nowMs() - agent.seen_at.getTime();
    return { ...agent, canBeReached: agent.is_on_duty === 1 && awayMs <= this.config.agentAwayMs };
  }
}

function refuseOwnUser(side: Side): void {
  if (side === 'user') {
    throw scopeMissing({
      detail: 'Who asks for help does not choose the agent.',
      details: { scope: 'operations' },
    });
  }
}

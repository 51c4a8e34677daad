import { Injectable, Logger } from '@nestjs/common';
import { isDuplicateKey, Transactions } from '../../platform/database/index.js';
import type { Principal } from '../../platform/http/index.js';
import { newId } from '../../shared/ids.js';
import { AuditLog } from '../audit/index.js';
import { AgentRepository } from './agent.repository.js';
import { ChatAccess } from './chat-access.js';
import { ChatAssigner } from './chat-assigner.js';
import { ChatEvents } from './chat-events.js';
import { ChatQueue } from './chat-queue.js';
import { ChatRepository, type ChatSelection } from './chat.repository.js';
import type { Chat, EndReason } from './domain/chat.js';
import { MessageRepository } from './message.repository.js';
import {
  supportChatEnded,
  supportChatNotEnded,
  supportChatNotFound,
  supportChatOpen,
  supportChatRated,
} from './support.errors.js';

/** The life of support chats: opened by a user, ended by one of the two sides, rated. */
@Injectable()
export class SupportChatService {
  private readonly logger = new Logger('Support');

  constructor(
    private readonly transactions: Transactions,
    private readonly chats: ChatRepository,
    private readonly messages: MessageRepository,
    private readonly agents: AgentRepository,
    private readonly access: ChatAccess,
    private readonly queue: ChatQueue,
    private readonly assigner: ChatAssigner,
    private readonly events: ChatEvents,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Opens a chat. If an agent is free it has one already when this returns; otherwise it waits in the queue.
   * @throws support_chat_open with the id of the open one, support_queue_full
   */
  async openChat(userId: string): Promise<Chat> {
    await this.refuseSecond(userId);
    await this.queue.checkRoom();
    const id = newId();
    try {
      await this.chats.insert(id, userId);
    } catch (error) {
      if (isDuplicateKey(error)) await this.refuseSecond(userId);
      throw error;
    }
    await this.assignWaiting();
    const chat = await this.chats.find(id);
    if (!chat) throw supportChatNotFound();
    return chat;
  }

  /** The newest first. */
  listChats(selection: ChatSelection): Promise<Chat[]> {
    return this.chats.list(selection);
  }

  /**
   * Ends a chat for the caller, who is its user, its agent or an operator. An agent's place goes to who waits.
   * @throws support_chat_not_found, support_chat_ended
   */
  async endChat(principal: Principal, chatId: string): Promise<Chat> {
    const { side } = await this.access.find(principal, chatId);
    const ended = await this.end(chatId, side, side === 'operator' ? principal.userId : undefined);
    if (!ended) throw supportChatEnded();
    return ended;
  }

  /** Ends a chat whoever has it. @returns undefined if it has ended before. */
  async end(chatId: string, reason: EndReason, operatorId?: string): Promise<Chat | undefined> {
    const ended = await this.transactions.run(async (transaction) => {
      if (!(await this.chats.end(transaction, chatId, reason))) return undefined;
      await this.messages.insertSystem(transaction, chatId, 'ended');
      const chat = await this.chats.find(chatId, transaction);
      if (!chat) return undefined;
      if (chat.agent_id !== null) await this.agents.freePlace(transaction, chat.agent_id);
      if (operatorId !== undefined) {
        const actor = { kind: 'operator', id: operatorId } as const;
        const subject = { subjectKind: 'support_chat', subjectId: chatId } as const;
        await this.audit.record({ actor, action: 'support_chat.ended', ...subject }, transaction);
      }
      return { chat, message: await this.messages.findLatest(transaction, chatId) };
    });
    if (!ended) return undefined;
    this.events.changed('ended', ended.chat, ended.message);
    await this.assignWaiting();
    return ended.chat;
  }

  /**
   * Keeps what the user thinks of a chat, once and for good.
   * @throws support_chat_not_found, support_chat_not_ended, support_chat_rated
   */
  async rateChat(principal: Principal, chatId: string, rating: number, comment?: string): Promise<Chat> {
    const { chat, side } = await this.access.find(principal, chatId);
    if (side !== 'user') throw supportChatNotFound({ param: 'chat_id' });
    if (chat.state === 'waiting' || chat.state === 'active') throw supportChatNotEnded();
    if (!(await this.chats.rate(chatId, rating, comment))) throw supportChatRated();
    return { ...chat, rating, rating_comment: comment ?? null };
  }

  /** Gives who waits to who is free, now. Should it fail, the task does it within half a minute. */
  async assignWaiting(): Promise<void> {
    try {
      await this.assigner.assignWaiting();
    } catch (error) {
      this.logger.warn('waiting chats are left to the task', { reason: String(error) });
    }
    this.queue.announceSoon();
  }

  private async refuseSecond(userId: string): Promise<void> {
    const open = await this.chats.findOpenOf(userId);
    if (open) throw supportChatOpen({ details: { chat_id: open.id } });
  }
}

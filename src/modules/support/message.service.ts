import { Inject, Injectable } from '@nestjs/common';
import { RateLimiterRes } from 'rate-limiter-flexible';
import type { ConfigOf } from '../../platform/config/index.js';
import { isDuplicateKey, Transactions } from '../../platform/database/index.js';
import type { AppError } from '../../platform/errors/index.js';
import type { Principal } from '../../platform/http/index.js';
import { DURABLE_REDIS, InsuredLimiter, RedisBreaker, type RedisClient } from '../../platform/redis/index.js';
import { AgentPresence } from './agent-presence.js';
import { ChatAccess } from './chat-access.js';
import { ChatEvents } from './chat-events.js';
import { ChatRepository } from './chat.repository.js';
import type { Chat, Message } from './domain/chat.js';
import { MessageRepository } from './message.repository.js';
import { supportConfig } from './support.config.js';
import {
  supportChatEnded,
  supportChatNotFound,
  supportMessageIdReused,
  supportMessageLimitReached,
  supportMessageRateExceeded,
} from './support.errors.js';

/** What a client sends. */
export interface SentMessage {
  clientMessageId: string;
  content: string;
}

/** From where to read: the latest, or those before or after a sequence number. */
export type MessagePlace =
  | { readonly kind: 'latest' }
  | { readonly kind: 'before' | 'after'; readonly sequence: number };

/** Messages in their order, and whether there are others around them. */
export interface MessagePage {
  messages: Message[];
  hasEarlier: boolean;
  hasLater: boolean;
}

const BEYOND_ALL = 0xffff_ffff;

/** What is said in support chats: stored first, then told to whoever is connected. */
@Injectable()
export class SupportMessageService {
  private readonly limiter: InsuredLimiter;

  constructor(
    private readonly transactions: Transactions,
    private readonly chats: ChatRepository,
    private readonly messages: MessageRepository,
    private readonly access: ChatAccess,
    private readonly presence: AgentPresence,
    private readonly events: ChatEvents,
    @Inject(DURABLE_REDIS) redis: RedisClient,
    breaker: RedisBreaker,
    @Inject(supportConfig.token) private readonly config: ConfigOf<typeof supportConfig>,
  ) {
    const allowance = { name: 'support:rate', points: config.messagesPerMinute, durationSeconds: 60 };
    this.limiter = new InsuredLimiter(redis, breaker, allowance);
  }

  /**
   * Stores a message of one of the two sides. When this returns it is committed. The same client message id again gives
   * the message that is stored, also after the end of the chat.
   * @throws support_chat_not_found, support_chat_ended, support_message_id_reused, support_message_limit_reached,
   *   support_message_rate_exceeded
   */
  async send(principal: Principal, chatId: string, sent: SentMessage): Promise<Message> {
    await this.count(principal.userId);
    const { chat, side } = await this.access.find(principal, chatId);
    if (side === 'operator') throw supportChatNotFound({ param: 'chat_id' });
    if (side === 'agent') await this.presence.note(principal.userId);
    const known = await this.findSent(chat, principal.userId, sent);
    if (known) return known;
    const sender = { side, id: principal.userId };
    const stored = await this.store(chat, sender, sent);
    if (!stored) {
      // The same message came twice at once.
      const first = await this.findSent(chat, principal.userId, sent);
      if (first) return first;
      throw supportChatNotFound({ param: 'chat_id' });
    }
    this.events.message(stored.chat, stored.message);
    return stored.message;
  }

  /** Whom it concerns has been checked before. */
  async read(chat: Chat, place: MessagePlace, limit: number): Promise<MessagePage> {
    if (place.kind === 'after') {
      const rows = await this.messages.listAfter(chat.id, place.sequence, limit + 1);
      const messages = rows.slice(0, limit);
      return { messages, hasEarlier: (messages[0]?.sequence ?? 1) > 1, hasLater: rows.length > limit };
    }
    const before = place.kind === 'before' ? place.sequence : BEYOND_ALL;
    const rows = await this.messages.listBefore(chat.id, before, limit + 1);
    const messages = rows.slice(-limit);
    const hasLater = place.kind === 'before' && place.sequence <= chat.last_sequence;
    return { messages, hasEarlier: rows.length > limit, hasLater };
  }

  /** @returns undefined if the client message id has just been stored by another request. */
  private async store(
    chat: Chat,
    sender: { side: 'user' | 'agent'; id: string },
    { clientMessageId, content }: SentMessage,
  ): Promise<{ chat: Chat; message: Message } | undefined> {
    try {
      return await this.transactions.run(async (transaction) => {
        const { maxMessages } = this.config;
        if (!(await this.chats.noteMessage(transaction, chat.id, sender, maxMessages))) {
          throw whyRefused(await this.chats.find(chat.id, transaction), maxMessages);
        }
        const message = {
          chatId: chat.id,
          sender: sender.side,
          senderId: sender.id,
          clientMessageId,
          content,
        };
        await this.messages.insert(transaction, message);
        const current = await this.chats.find(chat.id, transaction);
        return { chat: current ?? chat, message: await this.messages.findLatest(transaction, chat.id) };
      });
    } catch (error) {
      if (isDuplicateKey(error)) return undefined;
      throw error;
    }
  }

  private async findSent(chat: Chat, senderId: string, sent: SentMessage): Promise<Message | undefined> {
    const known = await this.messages.findByClientId(chat.id, senderId, sent.clientMessageId);
    if (known && known.content !== sent.content) {
      throw supportMessageIdReused({ param: 'client_message_id', details: { sequence: known.sequence } });
    }
    return known;
  }

  private async count(userId: string): Promise<void> {
    try {
      await this.limiter.consume(userId);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      const retryAfterSeconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
      throw supportMessageRateExceeded({ retryAfterSeconds });
    }
  }
}

function whyRefused(chat: Chat | undefined, limit: number): AppError {
  if (chat?.state === 'ended' || chat?.state === 'archived') return supportChatEnded();
  if (chat && chat.last_sequence >= limit) return supportMessageLimitReached({ details: { limit } });
  return supportChatNotFound({ param: 'chat_id' });
}

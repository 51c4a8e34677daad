import { Injectable } from '@nestjs/common';
import type { Principal } from '../../platform/http/index.js';
import { AuditLog } from '../audit/index.js';
import { ChatRepository } from './chat.repository.js';
import type { Chat, Side } from './domain/chat.js';
import { supportChatNotFound } from './support.errors.js';

/** What a caller is to a chat; undefined for strangers. */
function sideOf(chat: Chat, { userId, scopes }: Principal): Side | undefined {
  if (chat.user_id === userId) return 'user';
  if (chat.agent_id === userId && scopes.has('support:answer')) return 'agent';
  return scopes.has('operations') ? 'operator' : undefined;
}

/** Lets only those at a chat whom it concerns: its user, the agent who has it, and operators. */
@Injectable()
export class ChatAccess {
  constructor(
    private readonly chats: ChatRepository,
    private readonly audit: AuditLog,
  ) {}

  /** @throws support_chat_not_found, to strangers too. */
  async find(principal: Principal, chatId: string): Promise<{ chat: Chat; side: Side }> {
    const chat = await this.chats.find(chatId);
    const side = chat && sideOf(chat, principal);
    if (!chat || !side) throw supportChatNotFound({ param: 'chat_id' });
    return { chat, side };
  }

  /** As `find`, to read what was said. That an operator does so is written down. @throws support_chat_not_found */
  async findToRead(principal: Principal, chatId: string): Promise<{ chat: Chat; side: Side }> {
    const found = await this.find(principal, chatId);
    if (found.side === 'operator') {
      await this.audit.record({
        actor: { kind: 'operator', id: principal.userId },
        action: 'support_chat.read',
        subjectKind: 'support_chat',
        subjectId: chatId,
      });
    }
    return found;
  }
}

import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/index.js';
import { conversationNotFound } from '../conversation.errors.js';
import { ConversationRepository, type ConversationRow } from '../conversation.repository.js';

/** Where a page of an operator's list ended. */
export type InspectionPosition = { lastActivityAt: Date; id: string } | { id: string };

/** Lets operators find the conversations of others, and read them if they say why. */
@Injectable()
export class ConversationInspection {
  constructor(
    private readonly conversations: ConversationRepository,
    private readonly audit: AuditLog,
  ) {}

  /** Of one user, the latest active first; or of all, in the order of their ids, which tells nothing of time. */
  list(
    userId: string | undefined,
    limit: number,
    position: InspectionPosition | undefined,
  ): Promise<ConversationRow[]> {
    if (userId === undefined) return this.conversations.listAll(limit, position?.id);
    const after = position && 'lastActivityAt' in position ? position : undefined;
    return this.conversations.listOwned(userId, limit, after);
  }

  /** The conversation with this id, or that of the saved turn with it. */
  async find(id: string): Promise<ConversationRow[]> {
    const found = await this.conversations.findByAnyId(id);
    return found ? [found] : [];
  }

  /**
   * Writes down that an operator reads a conversation of a user, and why, before anything of it is read.
   * @throws conversation_not_found
   */
  async open(operatorId: string, id: string, reason: string): Promise<ConversationRow> {
    const conversation = await this.conversations.find(id);
    if (!conversation) throw conversationNotFound({ param: 'id' });
    await this.audit.record({
      actor: { kind: 'operator', id: operatorId },
      action: 'conversation.read',
      subjectKind: 'conversation',
      subjectId: id,
      detail: { user_id: conversation.owner_id },
      reason,
    });
    return conversation;
  }
}

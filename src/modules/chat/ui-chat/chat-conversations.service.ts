import { Injectable } from '@nestjs/common';
import { derivedId, idSchema } from '../../../shared/ids.js';
import { ConversationService } from '../../conversation/index.js';
import { chatErasedTooOften } from '../chat.errors.js';

/** The conversation that a client's chat id stands for. */
export interface ChatConversation {
  readonly id: string;
  /** False: it would be made under this id. */
  readonly isThere: boolean;
}

/** How many ids are looked up at once, and how often a chat of the same id can be deleted and begun anew. */
const GENERATIONS_AT_ONCE = 16;
const MAX_GENERATIONS = 1_024;

/** From what clients call their chats to our conversations. */
@Injectable()
export class ChatConversations {
  constructor(private readonly conversations: ConversationService) {}

  /**
   * The conversation of a chat id: the caller's conversation of that id if there is one, else the one whose id
   * derives from the owner and the chat id. After that was deleted the chat is a new one, under another id.
   * @throws chat_erased_too_often
   */
  async resolve(ownerId: string, chatId: string): Promise<ChatConversation> {
    const uuid = idSchema.safeParse(chatId);
    if (uuid.success && (await this.isThere(ownerId, uuid.data))) return { id: uuid.data, isThere: true };
    const id = await this.unerasedId(ownerId, chatId);
    return { id, isThere: await this.isThere(ownerId, id) };
  }

  private async unerasedId(ownerId: string, chatId: string): Promise<string> {
    for (let first = 0; first < MAX_GENERATIONS; first += GENERATIONS_AT_ONCE) {
      const ids = Array.from({ length: GENERATIONS_AT_ONCE }, (_, index) =>
        conversationIdOf(ownerId, chatId, first + index),
      );
      const erased = await this.conversations.findErasedConversations(ids);
      const id = ids.find((candidate) => !erased.has(candidate));
      if (id !== undefined) return id;
    }
    throw chatErasedTooOften({ param: 'id' });
  }

  private async isThere(ownerId: string, id: string): Promise<boolean> {
    return (await this.conversations.findConversation(ownerId, id)) !== undefined;
  }
}

/** `generation` counts how often the chat was deleted and begun anew. */
function conversationIdOf(ownerId: string, chatId: string, generation: number): string {
  const first = derivedId(ownerId, chatId);
  return generation === 0 ? first : derivedId(first, String(generation));
}

import { Injectable } from '@nestjs/common';
import { SocketHub } from '../../platform/websocket/index.js';
import { roomOfUser } from '../auth/index.js';
import type { Chat, Message } from './domain/chat.js';
import { type QueuePlace, toChatDto, toMessageDto } from './dto/support.dto.js';

export const SUPPORT_NAMESPACE = '/support';

/** The room of those who look at a chat without taking part in it. */
export function roomOfChat(chatId: string): string {
  return `chat:${chatId}`;
}

/**
 * Tells connections what happens in chats: those of the two sides as they are at this moment, so that who has given a
 * chat away hears no more of it, and the operators who watch it. All of it can be read from the database, too.
 */
@Injectable()
export class ChatEvents {
  constructor(private readonly hub: SocketHub) {}

  message(chat: Chat, message: Message): void {
    this.tell(chat, 'message', { message: toMessageDto(message) });
  }

  /** What the system has said and done, as an event of its own and as a message. */
  changed(
    event: 'assigned' | 'warned' | 'ended' | 'transferred' | 'requeued',
    chat: Chat,
    message: Message,
  ): void {
    this.tell(chat, event, { chat: toChatDto(chat), message: toMessageDto(message) });
    this.message(chat, message);
  }

  /** To the agent who has a chat no longer. */
  takenAway(agentId: string, chat: Chat): void {
    const rooms = [roomOfUser(agentId)];
    this.hub.emit(SUPPORT_NAMESPACE, { rooms }, 'taken_away', { chat_id: chat.id });
  }

  typing(chat: Chat, userId: string, isTyping: boolean, socketId: string): void {
    const payload = { chat_id: chat.id, user_id: userId, is_typing: isTyping };
    const audience = { rooms: roomsOf(chat), exceptSocketId: socketId };
    this.hub.emit(SUPPORT_NAMESPACE, audience, 'typing', payload);
  }

  queuePosition(chat: Chat, place: QueuePlace): void {
    const rooms = [roomOfUser(chat.user_id)];
    this.hub.emit(SUPPORT_NAMESPACE, { rooms }, 'queue_position', { chat_id: chat.id, ...place });
  }

  private tell(chat: Chat, event: string, payload: object): void {
    this.hub.emit(SUPPORT_NAMESPACE, { rooms: roomsOf(chat) }, event, payload);
  }
}

function roomsOf(chat: Chat): string[] {
  const rooms = [roomOfUser(chat.user_id), roomOfChat(chat.id)];
  return chat.agent_id === null ? rooms : [...rooms, roomOfUser(chat.agent_id)];
}

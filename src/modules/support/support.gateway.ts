import { type BeforeApplicationShutdown, Logger } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import type { Principal } from '../../platform/http/index.js';
import {
  acknowledge,
  type Acknowledgement,
  type Namespace,
  type Socket,
} from '../../platform/websocket/index.js';
import { SocketAuthenticator } from '../auth/index.js';
import { AgentPresence } from './agent-presence.js';
import { ChatAccess } from './chat-access.js';
import { ChatEvents, roomOfChat, SUPPORT_NAMESPACE } from './chat-events.js';
import {
  authenticateEventSchema,
  joinEventSchema,
  leaveEventSchema,
  messageEventSchema,
  readEvent,
  typingEventSchema,
} from './dto/socket-events.dto.js';
import { type ChatDto, type MessageDto, toChatDto, toMessageDto } from './dto/support.dto.js';
import { SupportMessageService } from './message.service.js';

const SCOPE = 'support';
const MESSAGES_A_JOIN = 200;
const PRESENCE_INTERVAL_MS = 3_000;

/** What a client that joins is told. */
interface Joined {
  chat: ChatDto;
  messages: MessageDto[];
  has_more: boolean;
}

/**
 * Support chats over socket.io, at `/support`. Each event is acknowledged with `{ ok: true, … }` or
 * `{ ok: false, error }`; the caller is asked for anew each time.
 */
@WebSocketGateway({ namespace: SUPPORT_NAMESPACE })
export class SupportGateway
  implements OnGatewayInit<Namespace>, OnGatewayConnection<Socket>, BeforeApplicationShutdown
{
  private readonly logger = new Logger('SupportGateway');
  private presenceTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly authenticator: SocketAuthenticator,
    private readonly access: ChatAccess,
    private readonly messages: SupportMessageService,
    private readonly presence: AgentPresence,
    private readonly events: ChatEvents,
  ) {}

  afterInit(namespace: Namespace): void {
    this.authenticator.protect(namespace, SCOPE);
    this.presenceTimer = setInterval(() => {
      for (const socket of namespace.sockets.values()) this.notePresence(socket);
    }, PRESENCE_INTERVAL_MS).unref();
  }

  handleConnection(socket: Socket): void {
    this.notePresence(socket);
  }

  /** Gives what was said after a sequence number. Operators hear from then on what is said; the two sides do anyway. */
  @SubscribeMessage('join')
  join(@ConnectedSocket() socket: Socket, @MessageBody() payload: unknown): Promise<Acknowledgement<Joined>> {
    return this.answer(socket, async (principal) => {
      const { chat_id: chatId, after } = readEvent(joinEventSchema, payload);
      const { chat, side } = await this.access.findToRead(principal, chatId);
      // Before the messages are read: one that comes in between is heard twice rather than never.
      if (side === 'operator') await socket.join(roomOfChat(chatId));
      const page = await this.messages.read(chat, { kind: 'after', sequence: after }, MESSAGES_A_JOIN);
      return { chat: toChatDto(chat), messages: page.messages.map(toMessageDto), has_more: page.hasLater };
    });
  }

  @SubscribeMessage('leave')
  leave(
    @ConnectedSocket() socket: Socket,
    @MessageBody() payload: unknown,
  ): Promise<Acknowledgement<object>> {
    return this.answer(socket, async () => {
      await socket.leave(roomOfChat(readEvent(leaveEventSchema, payload).chat_id));
      return {};
    });
  }

  @SubscribeMessage('message')
  message(
    @ConnectedSocket() socket: Socket,
    @MessageBody() payload: unknown,
  ): Promise<Acknowledgement<{ message: MessageDto }>> {
    return this.answer(socket, async (principal) => {
      const { chat_id, client_message_id, content } = readEvent(messageEventSchema, payload);
      const sent = { clientMessageId: client_message_id, content };
      return { message: toMessageDto(await this.messages.send(principal, chat_id, sent)) };
    });
  }

  @SubscribeMessage('typing')
  typing(
    @ConnectedSocket() socket: Socket,
    @MessageBody() payload: unknown,
  ): Promise<Acknowledgement<object>> {
    return this.answer(socket, async (principal) => {
      const { chat_id, is_typing } = readEvent(typingEventSchema, payload);
      const { chat } = await this.access.find(principal, chat_id);
      this.events.typing(chat, principal.userId, is_typing, socket.id);
      return {};
    });
  }

  /** Goes on with a newer access token of the same user. */
  @SubscribeMessage('authenticate')
  authenticate(
    @ConnectedSocket() socket: Socket,
    @MessageBody() payload: unknown,
  ): Promise<Acknowledgement<object>> {
    return acknowledge(async () => {
      await this.authenticator.renew(socket, readEvent(authenticateEventSchema, payload).token, SCOPE);
      return {};
    });
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.presenceTimer);
  }

  private answer<T extends object>(
    socket: Socket,
    work: (principal: Principal) => Promise<T>,
  ): Promise<Acknowledgement<T>> {
    return acknowledge(async () => work(await this.authenticator.check(socket, SCOPE)));
  }

  private notePresence(socket: Socket): void {
    const { userId, scopes } = this.authenticator.principalOf(socket);
    if (!scopes.has('support:answer')) return;
    this.presence
      .note(userId)
      .catch((error: unknown) => this.logger.debug('an agent could not be noted', { reason: String(error) }));
  }
}

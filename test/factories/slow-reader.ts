import { connect, type Socket } from 'node:net';
import type { ChatUser } from './chat-clients.js';
import type { ClientTurn } from './turn-ledger.js';
import { waitUntil } from './wait.js';

const READ_INTERVAL_MS = 1_000;

/** A client that asks for a turn, reads the head of the answer, and then one byte a second. */
export class SlowReader {
  private readonly timer: NodeJS.Timeout;
  /** Whether the other side has ended the connection. */
  hasEnded = false;

  private constructor(
    private readonly socket: Socket,
    private readonly turn: ClientTurn,
  ) {
    socket.on('close', () => (this.hasEnded = true));
    this.timer = setInterval(() => socket.read(1), READ_INTERVAL_MS);
  }

  static async ask(turn: ClientTurn, apiUrl: string, user: ChatUser, model: string): Promise<SlowReader> {
    turn.apiUrl = apiUrl;
    const { hostname, port, host } = new URL(apiUrl);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => undefined);
    const body = JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: turn.text }] });
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${user.apiKey}\r\n` +
        `X-Conversation-Id: ${turn.conversationId}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    let head = '';
    await waitUntil('the head of the answer', () => {
      for (let byte: Buffer | null; !head.includes('\r\n\r\n') && (byte = socket.read(1) as Buffer | null);)
        head += byte.toString('latin1');
      return head.includes('\r\n\r\n');
    });
    const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
    turn.begin(status, /^x-turn-id: (.*)\r$/im.exec(head)?.[1], undefined);
    return new SlowReader(socket, turn);
  }

  leave(): void {
    clearInterval(this.timer);
    this.turn.leave();
    this.socket.destroy();
  }
}

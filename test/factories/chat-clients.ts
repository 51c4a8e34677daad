import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import type { ClientTurn, TurnLedger } from './turn-ledger.js';
import { waitUntil } from './wait.js';

const LONGEST_RETRY_MS = 1_000;
/** Clients begin one after the other, so that at any time some are at each point of a turn. */
const STAGGER_MS = 40;

/** Whoever pays for turns. */
export interface ChatUser {
  readonly id: string;
  readonly apiKey: string;
}

interface ClientOptions {
  /** The APIs that may be asked, as they are at the moment. */
  readonly urls: () => readonly string[];
  readonly users: readonly ChatUser[];
  readonly ledger: TurnLedger;
  readonly model: string;
}

/**
 * Clients that each keep a conversation going: the next turn is asked for when the one before was answered, or had
 * failed. They stream, take the APIs by turns, and note what they see in a ledger.
 */
export class ChatClients {
  private readonly agent = new Agent({ keepAlive: true });
  private readonly running: Promise<void>[] = [];
  private isOver = false;
  private asked = 0;

  constructor(private readonly options: ClientOptions) {}

  /** Makes conversations, so that each is known even if its first turn goes wrong, and begins to talk in them. */
  async begin(count: number): Promise<void> {
    this.isOver = false;
    const ids = await Promise.all(Array.from({ length: count }, (_, index) => this.makeConversation(index)));
    for (const [index, id] of ids.entries()) this.running.push(this.converse(index, id));
  }

  /** Asks for nothing more, and waits for the answers that are under way. */
  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.running.splice(0));
    this.agent.destroy();
  }

  /** Asks for one turn. Returns when it is answered, or has failed; how is in the ledger. */
  async say(user: ChatUser, conversationId: string, text: string, model?: string): Promise<ClientTurn> {
    const turn = this.options.ledger.ask(conversationId, user.id, text);
    await new Promise<void>((resolve) => this.send(turn, user, model ?? this.options.model, resolve));
    return turn;
  }

  userOf(index: number): ChatUser {
    const { users } = this.options;
    const user = users[index % users.length];
    if (!user) throw new Error('There is no user.');
    return user;
  }

  async makeConversation(index: number): Promise<string> {
    const response = await fetch(`${this.nextUrl()}/api/conversations`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.userOf(index).apiKey}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ title: `Conversation ${index}` }),
    });
    if (response.status !== 201) throw new Error(`A conversation was refused: ${await response.text()}`);
    return ((await response.json()) as { id: string }).id;
  }

  private async converse(index: number, conversationId: string): Promise<void> {
    const user = this.userOf(index);
    await delay(index * STAGGER_MS);
    for (let number = 1; !this.isOver; number++) {
      const turn = await this.say(user, conversationId, `Message ${number} of client ${index}`);
      if (turn.state === 'refused' || turn.state === 'unknown') await this.waitToRetry(turn);
    }
  }

  private async waitToRetry({ retryAfter }: ClientTurn): Promise<void> {
    await delay(Math.min(Number(retryAfter ?? 0.2) * 1_000, LONGEST_RETRY_MS));
    if (this.options.urls().length > 0) return;
    await waitUntil('an API', () => this.isOver || this.options.urls().length > 0, 60_000);
  }

  private nextUrl(): string {
    const urls = this.options.urls();
    return urls[this.asked++ % urls.length] ?? 'http://127.0.0.1:1';
  }

  private send(turn: ClientTurn, user: ChatUser, model: string, settled: () => void): void {
    turn.apiUrl = this.nextUrl();
    const outgoing = request(
      `${turn.apiUrl}/v1/chat/completions`,
      {
        method: 'POST',
        agent: this.agent,
        headers: {
          authorization: `Bearer ${user.apiKey}`,
          'content-type': 'application/json',
          'x-conversation-id': turn.conversationId,
        },
      },
      (response) => readAnswer(turn, response, settled),
    );
    outgoing.on('error', (error) => {
      turn.fail(String(error));
      settled();
    });
    outgoing.end(JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: turn.text }] }));
  }
}

/** `data` events come for all that has arrived before the connection broke. */
function readAnswer(turn: ClientTurn, response: IncomingMessage, settled: () => void): void {
  response.setEncoding('utf8');
  const { statusCode = 0, headers } = response;
  turn.begin(statusCode, headers['x-turn-id']?.toString(), headers['retry-after']);
  let page = '';
  const parser = createParser({ onEvent: ({ data }) => turn.hear(data) });
  response.on('data', (text: string) => {
    if (statusCode === 200) parser.feed(text);
    else page += text;
  });
  response.on('error', (error) => turn.fail(String(error)));
  response.on('close', () => {
    turn.end(page);
    settled();
  });
}

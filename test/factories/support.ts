import { randomUUID } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';
import { expect } from 'vitest';
import type { Role } from '../../src/modules/auth/index.js';
import { Transactions } from '../../src/platform/database/index.js';
import type { TestApp } from './test-app.js';
import { bearer, createUser, type TestUser } from './users.js';
import { waitUntil } from './wait.js';

const ACKNOWLEDGED_WITHIN_MS = 10_000;

export interface ChatBody {
  id: string;
  user_id: string;
  agent_id: string | null;
  state: string;
  end_reason: string | null;
  last_sequence: number;
  rating: number | null;
  warned_at: string | null;
  queue?: { position: number; estimated_wait_seconds: number | null } | null;
}

export interface MessageBody {
  chat_id: string;
  sequence: number;
  sender: string;
  sender_id: string | null;
  client_message_id: string | null;
  event: string | null;
  content: string | null;
}

export interface Answer<T> {
  status: number;
  body: T & { code?: string; details?: Record<string, unknown> };
}

/** How an event was acknowledged. */
export interface Acknowledged {
  ok: boolean;
  error?: { code: string; detail?: string };
  message?: MessageBody;
  messages?: MessageBody[];
  chat?: ChatBody;
  has_more?: boolean;
}

/** A connection to `/support` that remembers what it heard. */
export class SupportClient {
  readonly heard: { event: string; payload: Record<string, unknown> }[] = [];

  constructor(readonly socket: Socket) {
    socket.onAny((event: string, payload: Record<string, unknown>) => this.heard.push({ event, payload }));
  }

  ask(event: string, payload: object): Promise<Acknowledged> {
    return this.socket.timeout(ACKNOWLEDGED_WITHIN_MS).emitWithAck(event, payload) as Promise<Acknowledged>;
  }

  say(chatId: string, content: string, clientMessageId: string = randomUUID()): Promise<Acknowledged> {
    return this.ask('message', { chat_id: chatId, client_message_id: clientMessageId, content });
  }

  /** The texts that were heard, in the order of hearing. */
  texts(): (string | null)[] {
    return this.payloads<{ message: MessageBody }>('message').map(({ message }) => message.content);
  }

  payloads<T>(event: string): T[] {
    return this.heard.filter((heard) => heard.event === event).map(({ payload }) => payload as T);
  }

  async hears(event: string, count = 1): Promise<void> {
    await waitUntil(`${event} heard`, () => this.payloads(event).length >= count);
  }

  close(): void {
    this.socket.disconnect();
  }
}

/** Customer service of an installation, as users, agents and operators see it. */
export class TestSupport {
  private readonly clients: SupportClient[] = [];

  constructor(readonly test: TestApp) {}

  /** Takes connections on a free port. */
  static async listen(test: TestApp): Promise<TestSupport> {
    await test.app.listen(0, '127.0.0.1');
    return new TestSupport(test);
  }

  get rows(): Transactions {
    return this.test.app.get(Transactions);
  }

  /** Forgets all chats and agents. */
  async clear(): Promise<void> {
    for (const table of ['support_messages', 'support_chats', 'support_agents']) {
      await this.rows.single.query(`DELETE FROM ${table}`);
    }
  }

  user(role: Role = 'user'): Promise<TestUser> {
    return createUser(this.test, { role });
  }

  async call<T = ChatBody>(
    user: TestUser,
    method: string,
    path: string,
    payload?: object,
  ): Promise<Answer<T>> {
    const answer = await this.test.app.inject({
      method: method as 'GET',
      url: `/api/${path}`,
      headers: bearer(user.apiKey),
      ...(payload && { payload }),
    });
    return { status: answer.statusCode, body: answer.json() };
  }

  /** Makes an agent and puts it on duty. */
  async agent(capacity: number, role: Role = 'agent'): Promise<TestUser> {
    const agent = await this.user(role);
    await this.setDuty(agent, true, capacity);
    return agent;
  }

  async setDuty(agent: TestUser, isOnDuty: boolean, capacity?: number): Promise<void> {
    const payload = { is_on_duty: isOnDuty, ...(capacity !== undefined && { capacity }) };
    expect((await this.call(agent, 'PUT', 'support/agent', payload)).status).toBe(200);
  }

  async open(user: TestUser): Promise<ChatBody> {
    const answer = await this.call(user, 'POST', 'support/chats');
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    return answer.body;
  }

  async chat(user: TestUser, id: string): Promise<ChatBody> {
    return (await this.call(user, 'GET', `support/chats/${id}`)).body;
  }

  say(user: TestUser, chatId: string, content: string, clientMessageId: string = randomUUID()) {
    const payload = { client_message_id: clientMessageId, content };
    return this.call<MessageBody>(user, 'POST', `support/chats/${chatId}/messages`, payload);
  }

  async messages(user: TestUser, chatId: string, query = '?after=0&limit=200'): Promise<MessageBody[]> {
    const answer = await this.call<{ items: MessageBody[] }>(
      user,
      'GET',
      `support/chats/${chatId}/messages${query}`,
    );
    return answer.body.items;
  }

  end(user: TestUser, chatId: string) {
    return this.call(user, 'POST', `support/chats/${chatId}/end`);
  }

  async load(agent: TestUser): Promise<number> {
    return (await this.call<{ active_chats: number }>(agent, 'GET', 'support/agent')).body.active_chats;
  }

  /** A connection that is being made: wait for it with `connect`, or for its refusal with `refusal`. */
  async dial(token: string | undefined, options: object = {}): Promise<Socket> {
    const url = `${await this.test.app.getUrl()}/support`;
    const auth = token === undefined ? {} : { token };
    const socket = io(url, {
      auth,
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      ...options,
    });
    this.clients.push(new SupportClient(socket));
    return socket;
  }

  async connect(user: TestUser, options: object = {}): Promise<SupportClient> {
    const socket = await this.dial(user.accessToken, options);
    const client = this.clients.at(-1);
    if (!client) throw new Error('There is no client.');
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve());
      socket.once('connect_error', reject);
    });
    return client;
  }

  /** The code with which a handshake is refused. */
  async refusal(token: string | undefined, options: object = {}): Promise<string> {
    const socket = await this.dial(token, options);
    return new Promise((resolve, reject) => {
      socket.once('connect', () => reject(new Error('It was let in.')));
      socket.once('connect_error', (error) => {
        resolve((error as Error & { data?: { code: string } }).data?.code ?? error.message);
      });
    });
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.test.close();
  }
}

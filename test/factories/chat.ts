import { randomUUID } from 'node:crypto';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { CoinAccountService, ReconciliationService } from '../../src/modules/coin-account/index.js';
import type { Turn } from '../../src/modules/conversation/index.js';
import { TurnSaver } from '../../src/modules/conversation/saving/turn-saver.service.js';
import { Transactions } from '../../src/platform/database/index.js';
import { parseCoins } from '../../src/shared/money.js';
import { expect } from 'vitest';
import { expectCleanBooks } from './clean-books.js';
import { expectBooksToBalance } from './coin-books.js';
import type { TestApp } from './test-app.js';
import { bearer, createUser, type TestUser } from './users.js';

/** The part of an answer in the OpenAI shape that tests look at. */
export interface ChatAnswer {
  status: number;
  headers: Record<string, unknown>;
  conversationId: string;
  turnId: string;
  body: {
    choices: { message: { content: string | null; tool_calls?: unknown[] }; finish_reason: string }[];
    usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
    error: { message: string; type: string; code: string; param: string | null };
  };
}

/** A streamed answer: its frames, each as it comes. */
export class ChatStream {
  readonly status: number;
  readonly conversationId: string;
  readonly turnId: string;
  private readonly frames: AsyncIterator<string>;

  constructor(
    readonly response: Response,
    private readonly abort: AbortController,
  ) {
    this.status = response.status;
    this.conversationId = response.headers.get('x-conversation-id') ?? '';
    this.turnId = response.headers.get('x-turn-id') ?? '';
    this.frames = framesOf(response)[Symbol.asyncIterator]();
  }

  /** The `data:` of the next frame; undefined at the end. */
  async next(): Promise<string | undefined> {
    const { value, done } = await this.frames.next();
    return done ? undefined : value;
  }

  /** Reads on until there is a frame with this text in it. */
  async until(text: string): Promise<void> {
    for (;;) {
      const frame = await this.next();
      if (frame === undefined) throw new Error(`The stream ended before '${text}'.`);
      if (frame.includes(text)) return;
    }
  }

  /** All frames that are still to come. */
  async rest(): Promise<string[]> {
    const frames: string[] = [];
    for (;;) {
      const frame = await this.next();
      if (frame === undefined) return frames;
      frames.push(frame);
    }
  }

  /** Goes away in the middle. */
  leave(): void {
    this.abort.abort();
  }
}

async function* framesOf(response: Response): AsyncIterable<string> {
  if (!response.body) return;
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const event of events) yield event.data;
}

/** A user with coins who chats. */
export class TestChatter {
  private constructor(
    private readonly test: TestApp,
    readonly user: TestUser,
  ) {}

  static async create(test: TestApp, coins = '10'): Promise<TestChatter> {
    const user = await createUser(test);
    if (parseCoins(coins) > 0n) {
      await test.app.get(CoinAccountService).grantCoins({
        accountId: user.id,
        amount: parseCoins(coins),
        reason: 'purchase',
        actor: 'operator',
        idempotencyKey: randomUUID(),
      });
    }
    return new TestChatter(test, user);
  }

  /** The same user at another process. */
  at(test: TestApp): TestChatter {
    return new TestChatter(test, this.user);
  }

  get headers() {
    return bearer(this.user.apiKey);
  }

  /** Says one thing over a real connection and streams the answer; for an application that listens. */
  async stream(content: string, model: string, options: object = {}): Promise<ChatStream> {
    const abort = new AbortController();
    const response = await fetch(`${await this.test.app.getUrl()}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...this.headers },
      body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content }], ...options }),
      signal: abort.signal,
    });
    return new ChatStream(response, abort);
  }

  /** Sends a body as it is. */
  async post(payload: string | object, headers: Record<string, string> = {}): Promise<ChatAnswer> {
    const answer = await this.test.app.inject({
      method: 'POST',
      url: '/v1/chat/completions',
      headers: { 'content-type': 'application/json', ...this.headers, ...headers },
      payload,
    });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      conversationId: String(answer.headers['x-conversation-id']),
      turnId: String(answer.headers['x-turn-id']),
      body: answer.json(),
    };
  }

  /** Says one thing, in a conversation if one is named, and waits for the answer. */
  say(content: string, model = 'local', conversationId?: string, options: object = {}): Promise<ChatAnswer> {
    return this.post(
      { model, messages: [{ role: 'user', content }], ...options },
      conversationId === undefined ? {} : { 'x-conversation-id': conversationId },
    );
  }

  async get<T>(url: string): Promise<T> {
    return (await this.test.app.inject({ url, headers: this.headers })).json<T>();
  }

  async messages(conversationId: string): Promise<{ role: string; content: string; status: string }[]> {
    const page = await this.get<{ items: { role: string; content: string; status: string }[] }>(
      `/api/conversations/${conversationId}/messages`,
    );
    return page.items;
  }

  /** The account's rows, after they were found to agree with each other. */
  books() {
    return expectBooksToBalance(this.test.app.get(Transactions), this.user.id);
  }

  /** Expects that a reconciliation finds nothing about this user; others' turns may be damaged on purpose. */
  private async expectNoDisagreement(): Promise<void> {
    const report = await this.test.app.get(ReconciliationService).reconcile({ maxExamples: 1_000 });
    const examples = report.kinds.flatMap(({ kind, examples }) =>
      examples.filter(({ accountId }) => accountId === this.user.id).map((example) => ({ kind, ...example })),
    );
    expect(examples).toEqual([]);
  }

  /**
   * Saves what waits and expects that the turn's row, its hold, its messages and the account agree: the account
   * has lost what the turns and the penalties cost and nothing is frozen.
   */
  async expectTurn(
    { turnId, conversationId }: { turnId: string; conversationId: string },
    expected: { turn: Partial<TurnRow>; cost: bigint; messages: object[] },
  ): Promise<void> {
    expect(await this.messages(conversationId)).toMatchObject(expected.messages);
    await saveAllTurns(this.test);
    expect(await this.messages(conversationId)).toMatchObject(expected.messages);
    const { account, holds, journal } = await expectCleanBooks(this.test.app.get(Transactions), this.user.id);
    await this.expectNoDisagreement();
    const cost_micro_coins = String(expected.cost);
    expect(await savedTurn(this.test, turnId)).toMatchObject({ ...expected.turn, cost_micro_coins });
    const hold = holds.find(({ id }) => id === turnId);
    expect(hold?.status).toBe(expected.cost > 0n ? 'settled' : 'released');
    expect(hold?.settledAmount ?? 0n).toBe(expected.cost);
    expect(account.frozen).toBe(0n);
    const granted = journal.filter(({ kind }) => kind === 'grant');
    const spent = journal.filter(({ kind }) => kind !== 'grant' && kind !== 'hold');
    const sum = (entries: typeof journal) =>
      entries.reduce((total, entry) => total + entry.balanceDelta - entry.debtDelta, 0n);
    expect(account.balance - account.debt).toBe(sum(granted) + sum(spent));
  }
}

export async function savedTurn(test: TestApp, turnId: string): Promise<TurnRow | undefined> {
  const sql = 'SELECT * FROM turns WHERE id = ?';
  const rows: TurnRow[] = await test.app.get(Transactions).single.query(sql, [turnId]);
  return rows[0];
}

/** Does what a worker would. */
export async function saveAllTurns(test: TestApp): Promise<void> {
  const saver = test.app.get(TurnSaver, { strict: false });
  for (const shard of await saver.shardsWithWork())
    await saver.saveShard(shard, new AbortController().signal);
}

/** What a saved turn's row says, in the words of the journal. */
export type TurnRow = Pick<
  Turn,
  | 'id'
  | 'status'
  | 'prompt_tokens'
  | 'completion_tokens'
  | 'usage_source'
  | 'cost_micro_coins'
  | 'error_code'
  | 'finish_reason'
>;

import { randomUUID } from 'node:crypto';
import { CoinAccountService } from '../../src/modules/coin-account/index.js';
import type { Turn } from '../../src/modules/conversation/index.js';
import { Transactions } from '../../src/platform/database/index.js';
import { parseCoins } from '../../src/shared/money.js';
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

  get headers() {
    return bearer(this.user.apiKey);
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

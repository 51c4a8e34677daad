import { randomUUID } from 'node:crypto';
import type { Turn } from '../../src/modules/conversation/index.js';
import { HASHED_NGRAMS } from '../../src/modules/provider/embeddings/hashed-ngrams.js';
import type { TestApp } from './test-app.js';
import { TestTurns } from './turns.js';
import { bearer, createUser, type TestUser } from './users.js';
import { waitUntil } from './wait.js';

export interface SearchItem {
  message_id: string;
  conversation_id: string;
  conversation_title: string;
  turn_id: string;
  role: string;
  created_at: string;
  snippet: string;
  score: number | null;
}

export interface SearchAnswer {
  status: number;
  items: SearchItem[];
  next_cursor: string | null;
  code: string;
  param: string;
}

/** A user who says things and looks for them. */
export class TestSearcher {
  private constructor(
    private readonly test: TestApp,
    private readonly turns: TestTurns,
    readonly user: TestUser,
    readonly conversationId: string,
  ) {}

  static async create(test: TestApp, turns: TestTurns): Promise<TestSearcher> {
    const user = await createUser(test);
    return new TestSearcher(test, turns, user, await turns.conversation(undefined, user.id));
  }

  /** The same user at another process. */
  at(test: TestApp): TestSearcher {
    return new TestSearcher(test, this.turns, this.user, this.conversationId);
  }

  /** Says these things in one turn, which waits to be saved. */
  say(texts: readonly string[], answer = '', conversationId = this.conversationId): Promise<Turn> {
    const messages = texts.map((content) => messageOf('user', content));
    return this.turns.finishedTurn(conversationId, { owner_id: this.user.id, messages }, answer);
  }

  /** A turn saved by this process, of which no worker has been told. */
  async saySilently(texts: readonly string[], answer = ''): Promise<Turn> {
    const turn = this.turns.turn(this.conversationId, {
      owner_id: this.user.id,
      messages: texts.map((content) => messageOf('user', content)),
    });
    const finished = this.turns.answered(turn, answer);
    await this.turns.saveSilently(finished);
    return finished;
  }

  async search(q: string, options: Record<string, string> = {}): Promise<SearchAnswer> {
    const answer = await this.test.app.inject({
      url: `/api/conversations/search?${new URLSearchParams({ q, ...options }).toString()}`,
      headers: bearer(this.user.apiKey),
    });
    return { status: answer.statusCode, ...answer.json<Omit<SearchAnswer, 'status'>>() };
  }

  /** The snippets of what is found. */
  async snippets(q: string, options: Record<string, string> = {}): Promise<string[]> {
    return (await this.search(q, options)).items.map((item) => item.snippet);
  }
}

function messageOf(role: string, content: string): Turn['messages'][number] {
  const created_at = new Date().toISOString();
  return { id: randomUUID(), role, content, extra: null, status: 'complete', tokens: 1, created_at };
}

/** Everything that the index has of a conversation. */
export async function indexOf(turns: TestTurns, conversationId: string) {
  const messages: { message_id: string; message_no: string; owner_key: string; embedder: string }[] =
    await turns.transactions.single.query(
      'SELECT message_id, message_no, owner_key, embedder FROM message_index WHERE conversation_id = ? ORDER BY message_no',
      [conversationId],
    );
  return messages;
}

/** How many postings an owner has. */
export async function countPostings(turns: TestTurns, ownerKey: string): Promise<number> {
  const [row] = await turns.transactions.single.query<[{ postings: string }]>(
    'SELECT COUNT(*) AS postings FROM message_terms WHERE owner_key = ?',
    [BigInt(ownerKey)],
  );
  return Number(row.postings);
}

/** Waits until a worker has indexed these turns, vectors too. */
export async function untilIndexed(turns: TestTurns, made: readonly Turn[], embedder = HASHED_NGRAMS) {
  const messageIds = made.flatMap((turn) =>
    turn.messages.filter(({ content }) => content !== '').map(({ id }) => id),
  );
  await waitUntil('all messages are indexed', async () => {
    const [row] = await turns.transactions.single.query<[{ done: string }]>(
      'SELECT COUNT(*) AS done FROM message_index WHERE embedder = ? AND message_id IN (?)',
      [embedder, messageIds],
    );
    return Number(row.done) === messageIds.length;
  });
}

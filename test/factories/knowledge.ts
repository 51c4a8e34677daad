import { randomUUID } from 'node:crypto';
import { KnowledgeService, type NewChunk } from '../../src/modules/knowledge/index.js';
import { Transactions } from '../../src/platform/database/index.js';
import type { Answer } from './marketplace.js';
import type { TestApp } from './test-app.js';
import { bearer, createUser, type TestUser } from './users.js';

const SIGNAL = new AbortController().signal;

/** What `GET /api/knowledge/search` finds, as far as tests look at it. */
export interface FoundPassage {
  chunk_id: string;
  file_id: string;
  position: number;
  headings: string[];
  place: Record<string, unknown>;
  text: string;
  snippet: string;
  score: number;
}

/** Chunks of these texts, one behind the other. */
export function chunksOf(texts: readonly string[], headings: readonly string[] = []): NewChunk[] {
  let start = 0;
  return texts.map((text, index) => {
    const place = { page: index + 1, start, end: start + text.length };
    start = place.end + 2;
    return { index, text, headings, place, tokens: Math.ceil(text.length / 4) };
  });
}

/** A user with documents. */
export class TestReader {
  readonly knowledge: KnowledgeService;
  readonly transactions: Transactions;

  private constructor(
    private readonly test: TestApp,
    readonly user: TestUser,
  ) {
    this.knowledge = test.app.get(KnowledgeService);
    this.transactions = test.app.get(Transactions);
  }

  static async create(test: TestApp): Promise<TestReader> {
    return new TestReader(test, await createUser(test));
  }

  /** The same user at another process. */
  at(test: TestApp): TestReader {
    return new TestReader(test, this.user);
  }

  /** A new file with a chunk for each text, embedded. @returns its id */
  async file(texts: readonly string[], headings: readonly string[] = []): Promise<string> {
    const fileId = randomUUID();
    await this.replace(fileId, texts, headings);
    await this.embed(fileId);
    return fileId;
  }

  replace(fileId: string, texts: readonly string[], headings: readonly string[] = []): Promise<number> {
    return this.knowledge.replaceChunks({ fileId, ownerId: this.user.id }, chunksOf(texts, headings));
  }

  embed(fileId: string, signal: AbortSignal = SIGNAL): Promise<void> {
    return this.knowledge.embedPending(fileId, { signal });
  }

  async call(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    payload?: object,
  ): Promise<Answer> {
    const answer = await this.test.app.inject({
      method,
      url,
      headers: bearer(this.user.accessToken),
      ...(payload && { payload }),
    });
    return { status: answer.statusCode, body: answer.body === '' ? undefined : answer.json() };
  }

  /** A new collection with these files. @returns its id */
  async collection(fileIds: readonly string[] = []): Promise<string> {
    const { body } = await this.call('POST', '/api/collections', { name: `Files ${randomUUID()}` });
    for (const fileId of fileIds) await this.call('PUT', `/api/collections/${body.id}/files/${fileId}`);
    return body.id as string;
  }

  async search(q: string, others: Record<string, string> = {}): Promise<FoundPassage[]> {
    const { status, body } = await this.call('GET', searchUrl(q, others));
    if (status !== 200) throw new Error(JSON.stringify(body));
    return body.items as FoundPassage[];
  }

  async textsOf(q: string, others: Record<string, string> = {}): Promise<string[]> {
    return (await this.search(q, others)).map(({ text }) => text);
  }

  /** How many rows are kept of all owners, by table. */
  async countRows(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const table of ['chunks', 'terms', 'vectors', 'memberships']) {
      const [row]: { count: string }[] = await this.transactions.single.query(
        `SELECT COUNT(*) AS count FROM knowledge_${table}`,
      );
      counts[table] = Number(row?.count);
    }
    return counts;
  }
}

export function searchUrl(q: string, others: Record<string, string> = {}): string {
  return `/api/knowledge/search?${new URLSearchParams({ q, ...others }).toString()}`;
}

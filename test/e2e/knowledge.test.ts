import { EventSourceParserStream } from 'eventsource-parser/stream';
import { readdir } from 'node:fs/promises';
import { OpenAI } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDocx, wordParagraph, wordStyles } from '../factories/documents.js';
import { columnsWith } from '../factories/erasures.js';
import { makePdf } from '../factories/pdf.js';
import { createProduct, type Product } from '../factories/product.js';
import { Administrator } from '../factories/product-users.js';
import { openDatabase } from '../factories/test-database.js';
import { waitUntil } from '../factories/wait.js';

interface Annotation {
  file_citation: {
    file_id: string;
    file_name: string;
    place: { page?: number; section?: string[]; start: number; end: number };
    snippet: string;
  };
}

const LONG_MS = 120_000;

const documents = [
  {
    name: 'boiler.pdf',
    content: makePdf([
      // As much as a chunk has: a page of its own.
      Array.from({ length: 45 }, (_, line) => ({
        text: `Line ${line} says that the wine of this house is kept in the cellar.`,
        y: 760 - 15 * line,
      })),
      [{ text: 'Quixotic valves of the boiler are greased in October.', y: 700 }],
    ]),
    question: 'When are the valves of the boiler greased?',
    place: { page: 2 },
  },
  {
    name: 'garden.docx',
    content: makeDocx(
      [
        wordParagraph('Roses', 'Heading1'),
        wordParagraph('Quixotic roses are pruned in February with clean shears.'),
        wordParagraph('Lawn', 'Heading1'),
        wordParagraph('The lawn is mown each week.'),
      ].join(''),
      [wordStyles],
    ),
    question: 'With what are the roses pruned?',
    place: { section: ['Roses'] },
  },
  {
    name: '咖啡.txt',
    content: Buffer.from('咖啡机使用手册。\n\n咖啡机每个月要用柠檬酸除垢一次。Quixotic\n'),
    question: '咖啡机用什么除垢？',
    place: {},
  },
];

describe('documents', () => {
  let product: Product;
  let url: string;
  let user: { id: string; apiKey: string };
  let openai: OpenAI;
  const ids = new Map<string, string>();

  beforeAll(async () => {
    product = await createProduct();
    ({ url } = await product.startApi());
    await product.startWorker();
    const administrator = await Administrator.of(product, url);
    user = await administrator.createUser('100', ['files', 'knowledge', 'tasks']);
    openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: user.apiKey });
  });
  afterAll(() => product.dispose());

  const call = (method: string, path: string, body?: object | FormData) =>
    fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${user.apiKey}`,
        ...(body && !(body instanceof FormData) && { 'content-type': 'application/json' }),
      },
      ...(body && { body: body instanceof FormData ? body : JSON.stringify(body) }),
    });

  async function upload(name: string, content: Uint8Array, collectionId: string): Promise<string> {
    const form = new FormData();
    form.set('collection_id', collectionId);
    form.set('file', new Blob([new Uint8Array(content)]), name);
    const answer = await call('POST', '/api/files', form);
    expect(answer.status).toBe(201);
    const receipt = (await answer.json()) as { file_id: string; job_id: string; status: string };
    expect(receipt).toEqual({ file_id: expect.any(String), job_id: expect.any(String), status: 'queued' });
    return receipt.file_id;
  }

  /** What the stream of a file's progress tells, to its end. */
  async function followed(id: string): Promise<{ status: string; progress: number }[]> {
    const answer = await call('GET', `/api/files/${id}/progress/stream`);
    const events = answer.body
      ?.pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    const told: { status: string; progress: number }[] = [];
    for await (const event of events ?? []) told.push(JSON.parse(event.data) as (typeof told)[number]);
    return told;
  }

  it(
    'are processed, answered from with the right citation, and leave no trace when they are deleted',
    async () => {
      const made = await call('POST', '/api/collections', { name: 'House' });
      const { id: collectionId } = (await made.json()) as { id: string };
      for (const { name, content } of documents) ids.set(name, await upload(name, content, collectionId));
      for (const [name, id] of ids) {
        const told = await followed(id);
        expect(told.at(-1), name).toMatchObject({ status: 'completed', progress: 100 });
        const progress = told.map((event) => event.progress);
        expect(progress).toEqual(progress.toSorted((a, b) => a - b));
      }
      for (const { name, question, place } of documents) {
        const answer = await openai.chat.completions.create({
          model: 'local:tokens=5',
          messages: [{ role: 'user', content: question }],
          // @ts-expect-error Not of OpenAI's.
          collection_ids: [collectionId],
        });
        const message = answer.choices[0]?.message as { annotations?: unknown[] } | undefined;
        const [first] = (message?.annotations ?? []) as Annotation[];
        expect(first?.file_citation, name).toMatchObject({
          file_id: ids.get(name),
          file_name: name,
          place,
        });
        expect(first?.file_citation.snippet).toContain('<mark>');
      }
      await leavesNoTrace();
    },
    LONG_MS,
  );

  async function leavesNoTrace(): Promise<void> {
    await using database = await openDatabase(product.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
    const kept = ['conversation_messages.extra', 'turns.citations'];
    expect(await columnsWith(database, 'Quixotic')).toContain('knowledge_chunks.text');
    for (const id of ids.values()) expect((await call('DELETE', `/api/files/${id}`)).status).toBe(204);
    for (const id of ids.values()) expect((await call('GET', `/api/files/${id}`)).status).toBe(404);
    // What was cited in a conversation is of the conversation, and goes with it.
    const left = await waitUntil('nothing is left of the files', async () => {
      const columns = await columnsWith(database, 'Quixotic');
      return columns.every((column) => kept.includes(column)) && columns;
    });
    expect(left).not.toContain('knowledge_chunks.text');
    const stored = await readdir(product.environment['LOCKKEEPER_STORAGE_DIR'] ?? '', { recursive: true });
    for (const id of ids.values()) expect(stored.filter((path) => path.includes(id))).toEqual([]);
  }
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KnowledgeService } from '../../src/modules/knowledge/index.js';
import { EmbedDocumentsAnewHandler } from '../../src/modules/knowledge/tasks/embed-documents-anew.handler.js';
import { embedding } from '../fakes/embeddings.js';
import { FakeUpstream } from '../fakes/openai-upstream.js';
import { searchUrl, TestReader } from '../factories/knowledge.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';

const signal = new AbortController().signal;
const CATS = Array.from({ length: 100 }, (_, n) => `a cat, number${n}`);

describe.each([
  ['of another name', { LOCKKEEPER_EMBEDDINGS_MODEL: 'second' }],
  ['of the same name, and of another version', { LOCKKEEPER_EMBEDDINGS_VERSION: '1' }],
])('documents after a change to an embedder %s', (_what, change) => {
  let upstream: FakeUpstream;
  let before: TestApp;
  let after: TestApp;
  let then: TestReader;
  let now: TestReader;
  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    before = await createTestApp({ LOCKKEEPER_EMBEDDINGS_URL: upstream.url });
    after = await createTestApp({ ...before.environment, ...change });
  });
  beforeEach(async () => {
    upstream.follow(embedding);
    then = await TestReader.create(before);
    now = then.at(after);
  });
  afterAll(async () => {
    await after?.close();
    await before?.close();
    await upstream?.close();
  });

  const handler = () => new EmbedDocumentsAnewHandler(after.app.get(KnowledgeService));
  const asked = () => upstream.calls.flatMap((call) => call.body['input'] as string[]);
  const ask = async (q: string, others: Record<string, string> = {}) =>
    (await now.call('GET', searchUrl(q, others))).body as {
      items: { text: string }[];
      is_hybrid: boolean;
      files_without_vectors: number;
    };

  it('are found by their words alone, and it is said, until they are embedded anew', async () => {
    const other = await then.file(['money']);
    const cats = await then.file(['a cat']);
    expect(await then.textsOf('kitten')).toContain('a cat');
    expect((await then.call('GET', searchUrl('kitten'))).body.files_without_vectors).toBe(0);
    // No vector of the former one is compared with one of this.
    expect(await ask('kitten')).toEqual({ items: [], is_hybrid: true, files_without_vectors: 2 });
    expect((await ask('cat')).items).toMatchObject([{ text: 'a cat' }]);
    expect(await ask('kitten', { file_id: cats })).toMatchObject({ items: [], files_without_vectors: 1 });
    expect(await handler().run({ signal })).toEqual({ files: 2 });
    expect(await ask('kitten', { file_id: cats })).toMatchObject({
      items: [{ text: 'a cat' }],
      files_without_vectors: 0,
    });
    expect(await ask('coins', { file_id: other })).toMatchObject({ items: [{ text: 'money' }] });
    upstream.follow(embedding);
    expect(await handler().run({ signal })).toEqual({ files: 0 });
    expect(asked()).toEqual([]);
  });

  it('are embedded anew from where it stopped, and no chunk twice', async () => {
    const fileId = await then.file(CATS);
    upstream.follow(embedding, (call) => call.refuse(503, 'Not now.'));
    await expect(handler().run({ signal })).rejects.toMatchObject({
      code: expect.stringMatching(/^provider_/),
    });
    expect(asked()).toHaveLength(100);
    expect(await ask('kitten', { file_id: fileId, limit: '50' })).toMatchObject({ files_without_vectors: 1 });
    upstream.follow(embedding);
    expect(await handler().run({ signal: AbortSignal.abort(new Error('The time is up.')) })).toEqual({
      files: 0,
    });
    expect(asked()).toEqual([]);
    expect(await handler().run({ signal })).toEqual({ files: 1 });
    expect(asked()).toEqual(CATS.slice(64));
    const [row]: { vectors: string; made_by: string }[] = await then.transactions.single.query(
      `SELECT COUNT(*) AS vectors, COUNT(DISTINCT v.embedder) AS made_by
       FROM knowledge_vectors v JOIN knowledge_files f USING (file_no) WHERE f.file_id = ?`,
      [fileId],
    );
    expect({ vectors: Number(row?.vectors), madeBy: Number(row?.made_by) }).toEqual({
      vectors: 100,
      madeBy: 1,
    });
  });

  it('that nobody has embedded to the end are left to their tasks', async () => {
    const fileId = await then.file(['a cat']);
    await then.replace(fileId, ['a kitten']);
    upstream.follow(embedding);
    expect(await handler().run({ signal })).toEqual({ files: 0 });
    expect(asked()).toEqual([]);
    expect(await ask('kitten', { file_id: fileId })).toMatchObject({ files_without_vectors: 1 });
    await now.embed(fileId);
    expect(await ask('cat', { file_id: fileId })).toMatchObject({ files_without_vectors: 0 });
  });
});

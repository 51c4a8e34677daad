import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { embedding, embeddingAllBut } from '../fakes/embeddings.js';
import { FakeUpstream } from '../fakes/openai-upstream.js';
import { chunksOf, TestReader } from '../factories/knowledge.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';

const SUPERSEDED = { code: 'knowledge_file_superseded' };
const signal = new AbortController().signal;

/** So many texts that they take several transactions and several calls of the embedder. */
function manyTexts(word: string, count = 150): string[] {
  return Array.from({ length: count }, (_, index) => `${word} number${index}`);
}

describe('the chunks of a file', () => {
  let test: TestApp;
  let reader: TestReader;
  let upstream: FakeUpstream;
  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    test = await createTestApp({ LOCKKEEPER_EMBEDDINGS_URL: upstream.url });
  });
  beforeEach(async () => {
    upstream.follow(embedding);
    reader = await TestReader.create(test);
  });
  afterAll(async () => {
    await test.close();
    await upstream.close();
  });

  it('take the place of those it had, with all that was kept of these', async () => {
    const before = await reader.countRows();
    const fileId = await reader.file(manyTexts('walrus'));
    expect(await reader.replace(fileId, ['otter'])).toBe(1);
    await reader.embed(fileId);
    expect(await reader.textsOf('walrus', { file_id: fileId })).not.toContain('walrus number1');
    expect(await reader.textsOf('otter')).toEqual(['otter']);
    const after = await reader.countRows();
    expect(after['chunks']! - before['chunks']!).toBe(1);
    expect(after['terms']! - before['terms']!).toBe(1);
    expect(after['vectors']! - before['vectors']!).toBe(1);
  });

  it('stay as they are if giving it others fails, and the next time leaves nothing of that', async () => {
    const fileId = await reader.file(['walrus']);
    const before = await reader.countRows();
    async function* broken() {
      yield* chunksOf(manyTexts('otter'));
      throw new Error('The document ends here.');
    }
    const source = { fileId, ownerId: reader.user.id };
    // What one try left, the next has cleared: it does not grow.
    for (let n = 0; n < 2; n++) {
      await expect(reader.knowledge.replaceChunks(source, broken())).rejects.toThrow('ends here');
      expect((await reader.countRows())['chunks']).toBe(before['chunks']! + 150);
    }
    expect(await reader.textsOf('walrus otter')).toEqual(['walrus']);
    await reader.replace(fileId, ['seal']);
    expect(await reader.textsOf('walrus otter seal')).toEqual(['seal']);
    expect((await reader.countRows())['chunks']).toBe(before['chunks']);
  });

  it('are those of the call that began last', async () => {
    const fileId = randomUUID();
    const source = { fileId, ownerId: reader.user.id };
    async function* overtaken() {
      yield* chunksOf(manyTexts('walrus', 60));
      await reader.replace(fileId, ['otter']);
      yield* chunksOf(manyTexts('walrus', 120)).slice(60);
    }
    await expect(reader.knowledge.replaceChunks(source, overtaken())).rejects.toMatchObject(SUPERSEDED);
    expect(await reader.textsOf('otter walrus')).toEqual(['otter']);
  });

  it('are read in their order', async () => {
    const texts = manyTexts('walrus', 120);
    const fileId = await reader.file(texts, ['Animals']);
    const read: { text: string }[] = [];
    for await (const chunk of reader.knowledge.readChunks(fileId)) read.push(chunk);
    expect(read.map(({ text }) => text)).toEqual(texts);
    expect(read[1]).toMatchObject({ position: 1, headings: ['Animals'], place: { page: 2 } });
  });

  it('cannot be given to a file of another', async () => {
    const fileId = await reader.file(['walrus']);
    const other = await TestReader.create(test);
    await expect(other.replace(fileId, ['mine now'])).rejects.toMatchObject({
      code: 'knowledge_file_not_found',
    });
    expect(await reader.textsOf('walrus')).toEqual(['walrus']);
  });

  it('are embedded from where it stopped when the embedder failed', async () => {
    const fileId = randomUUID();
    await reader.replace(fileId, manyTexts('cat'));
    let calls = 0;
    const seen: string[] = [];
    upstream.follow(async (call) => {
      calls++;
      if (calls === 2) {
        call.refuse(503, 'Not now.');
        return;
      }
      seen.push(...(call.body['input'] as string[]));
      await embedding(call);
    });
    await expect(reader.embed(fileId)).rejects.toMatchObject({ code: expect.stringMatching(/^provider_/) });
    expect(seen).toHaveLength(64);
    const progress: string[] = [];
    await reader.knowledge.embedPending(fileId, {
      signal,
      onProgress: ({ done, total }) => void progress.push(`${done}/${total}`),
    });
    expect(progress).toEqual(['64/150', '128/150', '150/150']);
    // None twice.
    expect(new Set(seen).size).toBe(150);
    expect(seen).toHaveLength(150);
    await reader.embed(fileId);
    expect(seen).toHaveLength(150);
  });

  it('are found by their words if the embedder does not take them', async () => {
    upstream.follow(embeddingAllBut('unspeakable'));
    await reader.file(['a cat', 'an unspeakable walrus', 'a car']);
    expect(await reader.textsOf('kitten')).toContain('a cat');
    const before = await reader.search('walrus');
    expect(before.map(({ text }) => text)).toContain('an unspeakable walrus');
  });

  it('are embedded no further when the file is given others or is removed', async () => {
    const fileId = randomUUID();
    await reader.replace(fileId, manyTexts('cat'));
    const change = async (action: () => Promise<unknown>) => {
      let isChanged = false;
      upstream.follow(async (call) => {
        if (!isChanged) {
          isChanged = true;
          await action();
        }
        await embedding(call);
      });
      await expect(reader.embed(fileId)).rejects.toMatchObject(SUPERSEDED);
    };
    await change(() => reader.replace(fileId, manyTexts('car')));
    await change(() => reader.knowledge.removeFile(fileId));
    const [row]: { count: string }[] = await reader.transactions.single.query(
      `SELECT COUNT(*) AS count FROM knowledge_chunks c JOIN knowledge_files f USING (file_no) WHERE f.file_id = ?`,
      [fileId],
    );
    expect(Number(row?.count)).toBe(0);
  });

  it('go with the file, and none can be added then', async () => {
    const before = await reader.countRows();
    const fileId = await reader.file(manyTexts('walrus'));
    await reader.collection([fileId]);
    await reader.knowledge.removeFile(fileId);
    await reader.knowledge.removeFile(fileId);
    expect(await reader.countRows()).toEqual(before);
    expect(await reader.search('walrus')).toEqual([]);
    await expect(reader.replace(fileId, ['late'])).rejects.toMatchObject(SUPERSEDED);
    await expect(reader.embed(fileId)).rejects.toMatchObject(SUPERSEDED);
    await reader.knowledge.removeFile(randomUUID());
  });

  it('stop being written when the work is given up', async () => {
    const fileId = await reader.file(['walrus']);
    const source = { fileId, ownerId: reader.user.id };
    const givenUp = AbortSignal.abort(new Error('given up'));
    await expect(reader.knowledge.replaceChunks(source, chunksOf(['x']), givenUp)).rejects.toThrow(
      'given up',
    );
    await expect(reader.embed(fileId, givenUp)).rejects.toThrow('given up');
    expect(await reader.textsOf('walrus')).toEqual(['walrus']);
  });
});

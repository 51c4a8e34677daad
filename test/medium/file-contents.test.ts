import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GraphService } from '../../src/modules/graph/index.js';
import { KnowledgeService } from '../../src/modules/knowledge/index.js';
import { TestFiles } from '../factories/files.js';
import { chunksOf } from '../factories/knowledge.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, type TestUser } from '../factories/users.js';

const signal = new AbortController().signal;

interface Chunk {
  chunk_id: string;
  file_id: string;
  position: number;
  text: string;
  is_embedded: boolean;
}

describe('what has been made of a file', () => {
  let test: TestApp;
  let files: TestFiles;
  let knowledge: KnowledgeService;
  let graph: GraphService;
  let user: TestUser;
  let id: string;
  beforeAll(async () => {
    test = await createTestApp();
    files = await TestFiles.listen(test);
    knowledge = test.app.get(KnowledgeService);
    graph = test.app.get(GraphService, { strict: false });
  });
  beforeEach(async () => {
    user = await files.user();
    id = await files.uploaded(user);
  });
  afterAll(() => test.close());

  const ask = async (url: string, by = user) => {
    const answer = await test.app.inject({ url, headers: bearer(by.accessToken) });
    return { status: answer.statusCode, body: answer.json() };
  };
  const chunk = (texts: string[], fileId = id, headings: string[] = []) =>
    knowledge.replaceChunks({ fileId, ownerId: user.id }, chunksOf(texts, headings));
  const embed = (fileId = id) => knowledge.embedPending(fileId, { signal });
  /** All pages. */
  const chunksAt = async (query: string): Promise<Chunk[]> => {
    const items: Chunk[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await ask(`/api/files/${id}/chunks?${query}${cursor && `&cursor=${cursor}`}`);
      expect(page.status).toBe(200);
      items.push(...(page.body.items as Chunk[]));
      cursor = page.body.next_cursor as string | null;
    }
    return items;
  };

  describe('its chunks', () => {
    it('are none before it is processed', async () => {
      expect(await ask(`/api/files/${id}/chunks`)).toEqual({
        status: 200,
        body: { items: [], next_cursor: null },
      });
    });

    it('are read a page at a time, each once, in their order, from where one likes', async () => {
      await chunk(['one', 'two', 'three', 'four', 'five']);
      const texts = async (query: string) => (await chunksAt(query)).map(({ text }) => text);
      expect(await texts('limit=2')).toEqual(['one', 'two', 'three', 'four', 'five']);
      expect(await texts('limit=2&from=3')).toEqual(['four', 'five']);
      expect(await texts('limit=5')).toHaveLength(5);
      expect(await texts('from=5')).toEqual([]);
    });

    it('say where they stand, how long they are and whether they have a vector', async () => {
      await chunk(['Descale the pump.'], id, ['Care', 'Pump']);
      const [first] = await chunksAt('');
      expect(first).toEqual({
        chunk_id: expect.any(String),
        file_id: id,
        position: 0,
        headings: ['Care', 'Pump'],
        place: { page: 1, start: 0, end: 17 },
        text: 'Descale the pump.',
        tokens: 5,
        is_embedded: false,
      });
      await embed();
      expect(await chunksAt('')).toEqual([{ ...first, is_embedded: true }]);
    });

    it('are the new ones when it is processed again', async () => {
      await chunk(['old one', 'old two']);
      await chunk(['new']);
      expect((await chunksAt('')).map(({ text }) => text)).toEqual(['new']);
    });

    it('are read by their ids, in the order of these, the owner’s alone', async () => {
      await chunk(['one', 'two', 'three']);
      const [one, two, three] = (await chunksAt('')) as [Chunk, Chunk, Chunk];
      const url = `/api/knowledge/chunks?id=${three.chunk_id}&id=${randomUUID()}&id=${one.chunk_id}&id=${three.chunk_id}`;
      expect(await ask(url)).toEqual({ status: 200, body: { items: [three, one] } });
      expect((await ask(`/api/knowledge/chunks?id=${two.chunk_id}`)).body.items).toEqual([two]);
      expect(await ask(url, await files.user())).toEqual({ status: 200, body: { items: [] } });
    });

    it('are asked for in a way that makes sense', async () => {
      const many = Array.from({ length: 101 }, () => `id=${randomUUID()}`).join('&');
      for (const url of [
        `/api/files/${id}/chunks?cursor=x`,
        `/api/files/${id}/chunks?limit=0`,
        `/api/files/${id}/chunks?limit=101`,
        `/api/files/${id}/chunks?from=-1`,
        '/api/knowledge/chunks',
        '/api/knowledge/chunks?id=x',
        `/api/knowledge/chunks?${many}`,
      ])
        expect((await ask(url)).body, url).toMatchObject({ code: 'invalid_request' });
    });
  });

  describe('its collections', () => {
    it('are those that it is in, the newest first', async () => {
      const ids: string[] = [];
      for (const name of ['Books', 'Manuals', 'Letters']) {
        const headers = bearer(user.accessToken);
        const made = await test.app.inject({
          method: 'POST',
          url: '/api/collections',
          headers,
          payload: { name },
        });
        ids.push(made.json<{ id: string }>().id);
      }
      for (const collection of [ids[0], ids[2]])
        await test.app.inject({
          method: 'PUT',
          url: `/api/collections/${collection}/files/${id}`,
          headers: bearer(user.accessToken),
        });
      expect(await ask(`/api/files/${id}/collections`)).toMatchObject({
        status: 200,
        body: {
          items: [
            { id: ids[2], name: 'Letters', file_count: 1 },
            { id: ids[0], name: 'Books', file_count: 1 },
          ],
          next_cursor: null,
        },
      });
      const another = await files.uploaded(user);
      expect((await ask(`/api/files/${another}/collections`)).body.items).toEqual([]);
    });
  });

  describe('its graph', () => {
    const read = async (texts: string[], fileId = id) => {
      async function* source() {
        await Promise.resolve();
        for await (const { id: chunkId, text } of knowledge.readChunks(fileId))
          yield { chunkId, text, language: null };
      }
      await chunk(texts, fileId);
      await graph.replaceFile({ fileId, ownerId: user.id }, source(), { signal });
    };
    interface Graph {
      entities: { id: string }[];
      relations: object[];
      is_truncated: boolean;
    }

    it('is what this file says, with where it says so', async () => {
      const met = 'Ada Lovelace met Charles Babbage.';
      await read([met, 'ADA LOVELACE wrote. Ada Lovelace read. Ada Lovelace saw Charles Babbage.']);
      await read(['Ada Lovelace met Marie Curie.'], await files.uploaded(user));
      const answer = await ask(`/api/files/${id}/graph`);
      expect(answer.status).toBe(200);
      const body = answer.body as Graph;
      const [first, second] = (await chunksAt('')) as [Chunk, Chunk];
      const at = ({ chunk_id }: Chunk, text: string, start: number) => ({
        chunk_id,
        extractor: 'rules-1',
        text,
        start,
        end: start + text.length,
      });
      expect(body.entities).toEqual([
        {
          id: expect.any(String),
          type: 'person',
          name: 'Ada Lovelace',
          mention_count: 4,
          // The fourth is not told.
          mentions: [
            at(first, 'Ada Lovelace', 0),
            at(second, 'ADA LOVELACE', 0),
            at(second, 'Ada Lovelace', 20),
          ],
        },
        {
          id: expect.any(String),
          type: 'person',
          name: 'Charles Babbage',
          mention_count: 2,
          mentions: [at(first, 'Charles Babbage', 17), at(second, 'Charles Babbage', 56)],
        },
      ]);
      const [ada, charles] = body.entities.map((entity) => entity.id);
      expect(body.relations).toContainEqual({
        id: expect.any(String),
        from_id: ada,
        to_id: charles,
        label: 'meet',
        statement_count: 1,
      });
      expect(body.is_truncated).toBe(false);
    });

    it('is cut where it is too long, and says so', async () => {
      await read(['Ada Lovelace met Charles Babbage. Ada Lovelace saw Marie Curie.']);
      const { body } = await ask(`/api/files/${id}/graph?limit=1`);
      expect(body).toMatchObject({ entities: [{ name: 'Ada Lovelace' }], relations: [], is_truncated: true });
      for (const limit of [0, 101])
        expect((await ask(`/api/files/${id}/graph?limit=${limit}`)).body).toMatchObject({
          code: 'invalid_request',
        });
    });

    it('is empty before it is processed', async () => {
      expect((await ask(`/api/files/${id}/graph`)).body).toEqual({
        entities: [],
        relations: [],
        is_truncated: false,
      });
    });
  });

  it('is not there for others, nor when the file is deleted', async () => {
    await chunk(['one']);
    const other = await files.user();
    const paths = ['chunks', 'collections', 'graph'].map((path) => `/api/files/${id}/${path}`);
    for (const url of paths) {
      expect((await ask(url)).status, url).toBe(200);
      expect(await ask(url, other), url).toMatchObject({ status: 404, body: { code: 'file_not_found' } });
    }
    expect((await files.call(user, 'DELETE', `/${id}`)).status).toBe(204);
    for (const url of paths) expect((await ask(url)).status, url).toBe(404);
  });

  it('is of files that can be listed by their ids', async () => {
    const [second, third] = [await files.uploaded(user), await files.uploaded(user)];
    const list = (query: string, by = user) => ask(`/api/files?${query}`, by);
    const idsOf = async (query: string, by = user) =>
      ((await list(query, by)).body.items as { id: string }[]).map((one) => one.id);
    expect(await idsOf(`id=${id}&id=${third}&id=${randomUUID()}`)).toEqual([third, id]);
    expect(await idsOf(`id=${second}`)).toEqual([second]);
    expect(await idsOf(`id=${second}&status=failed`)).toEqual([]);
    expect(await idsOf(`id=${second}`, await files.user())).toEqual([]);
    const { body } = await list(`id=${id}&id=${third}&limit=1`);
    expect(await idsOf(`id=${id}&id=${third}&limit=1&cursor=${body.next_cursor}`)).toEqual([id]);
    expect((await list('id=x')).body).toMatchObject({ code: 'invalid_request' });
  });
});

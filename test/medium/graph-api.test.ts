import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { TimedReads } from '../../src/platform/database/index.js';
import { type TestGraphFile, TestGraphs } from '../factories/graph.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, createUser, type TestUser } from '../factories/users.js';

interface Item {
  id: string;
  name: string;
  type: string;
  mention_count: number;
  distance: number;
}

describe('the API of the knowledge graph', () => {
  let test: TestApp;
  let graphs: TestGraphs;
  let user: TestUser;
  let other: TestUser;
  beforeAll(async () => {
    test = await createTestApp();
    graphs = new TestGraphs(test);
    other = await createUser(test);
  });
  beforeEach(async () => {
    user = await createUser(test);
  });
  afterAll(() => test.close());

  const ask = async (path: string, by = user) => {
    const answer = await test.app.inject({ url: `/api/graph/${path}`, headers: bearer(by.accessToken) });
    return { status: answer.statusCode, body: answer.json() };
  };
  const idOf = async (name: string): Promise<string> => {
    const { body } = await ask(`entities?q=${encodeURIComponent(name)}`);
    return (body.items as Item[]).find((item) => item.name === name)!.id;
  };
  const idsOf = (...names: string[]) => Promise.all(names.map(idOf));
  /** All pages of a list. */
  const pages = async <T>(path: string, by = user): Promise<T[]> => {
    const items: T[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { status, body } = await ask(`${path}${cursor && `&cursor=${cursor}`}`, by);
      expect(status).toBe(200);
      items.push(...body.items);
      cursor = body.next_cursor;
    }
    return items;
  };
  const namesOf = async (query: string) => (await pages<Item>(`entities?${query}`)).map(({ name }) => name);

  describe('the list of entities', () => {
    it('is read by pages in the order of the names, each entity once', async () => {
      const names = ['delta', 'Alpha', 'echo', 'bravo', 'Charlie', 'charlie'];
      await graphs.lines(user.id, names.join('\n'));
      expect(await namesOf('limit=2')).toEqual(['Alpha', 'bravo', 'Charlie', 'delta', 'echo']);
    });

    it('is of one type if one is asked for', async () => {
      await graphs.fileOf(user.id, 'Ada Lovelace met Charles Babbage in London.');
      expect(await namesOf('limit=1&type=person')).toEqual(['Ada Lovelace', 'Charles Babbage']);
      expect(await namesOf('limit=1&type=place&q=lo')).toEqual(['London']);
      expect(await namesOf('type=event')).toEqual([]);
    });

    it.each([
      ['a beginning', 'ada', ['Ada Lovelace', 'Ada Lovelace Institute']],
      ['a word inside, written otherwise', 'ＬＯＶＥ', ['Ada Lovelace', 'Ada Lovelace Institute']],
      ['several words', 'lovelace  inst', ['Ada Lovelace Institute']],
      ['a part of a Chinese name', '巴巴', ['阿里巴巴集团']],
      ['a number', '2008', ['Olympics 2008']],
      ['a word that is there twice, once', 'york', ['York York']],
      ['no part of a word', 'ovelace', []],
      ['nothing', ' … ', []],
      ['signs that mean something to the database', '%', []],
    ])('finds by %s', async (_what, q, found) => {
      const names = ['Ada Lovelace', 'Ada Lovelace Institute', '阿里巴巴集团', 'Olympics 2008', 'York York'];
      await graphs.lines(user.id, names.join('\n'));
      expect(await namesOf(`limit=1&q=${encodeURIComponent(q)}`)).toEqual(found);
    });

    it('refuses a cursor of another list, and what is out of bounds', async () => {
      await graphs.lines(user.id, 'a\nab\nac');
      const cursor = (await ask('entities?limit=1')).body.next_cursor;
      expect(cursor).not.toBeNull();
      for (const path of [
        `q=a&cursor=${cursor}`,
        'cursor=x',
        'limit=0',
        'limit=101',
        'type=animal',
        `q=${'a'.repeat(201)}`,
      ])
        expect((await ask(`entities?${path}`)).body, path).toMatchObject({ code: 'invalid_request' });
    });
  });

  describe('an entity', () => {
    let files: TestGraphFile[];
    beforeEach(async () => {
      const said = 'Ada Lovelace worked with Charles Babbage.';
      files = [
        await graphs.fileOf(user.id, said, 'ADA LOVELACE wrote.'),
        await graphs.fileOf(user.id, `Once ${said} Then Ada Lovelace read.`),
      ];
    });

    it('has the ways in which it is written, and is one over all files', async () => {
      expect(await ask(`entities/${await idOf('Ada Lovelace')}`)).toEqual({
        status: 200,
        body: {
          id: expect.any(String),
          type: 'person',
          name: 'Ada Lovelace',
          mention_count: 4,
          aliases: [
            { name: 'Ada Lovelace', mention_count: 3 },
            { name: 'ADA LOVELACE', mention_count: 1 },
          ],
        },
      });
    });

    it('has the places where it is named', async () => {
      const mentions = await pages<{ chunk_id: string }>(
        `entities/${await idOf('Ada Lovelace')}/mentions?limit=1`,
      );
      const [first, second] = files as [TestGraphFile, TestGraphFile];
      const at = (file: TestGraphFile, chunk: number, text: string, start: number) => ({
        chunk_id: file.chunkId(chunk),
        file_id: file.fileId,
        extractor: 'rules-1',
        text,
        start,
        end: start + text.length,
      });
      const wanted = [
        at(first, 0, 'Ada Lovelace', 0),
        at(first, 1, 'ADA LOVELACE', 0),
        at(second, 0, 'Ada Lovelace', 5),
        at(second, 0, 'Ada Lovelace', 52),
      ];
      expect(mentions).toEqual(
        wanted.sort((a, b) =>
          a.chunk_id === b.chunk_id ? a.start - b.start : a.chunk_id < b.chunk_id ? -1 : 1,
        ),
      );
    });

    it('has relations, and these the chunks that state them', async () => {
      const [ada, charles] = await idsOf('Ada Lovelace', 'Charles Babbage');
      const { body } = await ask(`entities/${charles}/neighbourhood`);
      expect(body).toEqual({
        entities: [
          { id: charles, type: 'person', name: 'Charles Babbage', mention_count: 2, distance: 0 },
          { id: ada, type: 'person', name: 'Ada Lovelace', mention_count: 4, distance: 1 },
        ],
        relations: [
          { id: expect.any(String), from_id: ada, to_id: charles, label: 'work with', statement_count: 2 },
        ],
        is_truncated: false,
      });
      const stated = await pages<{ file_id: string }>(`relations/${body.relations[0].id}/mentions?limit=1`);
      expect(stated.map(({ file_id }) => file_id).sort()).toEqual(files.map(({ fileId }) => fileId).sort());
      expect(stated[0]).toMatchObject({ extractor: 'rules-1', chunk_id: expect.any(String) });
    });

    it('is not there for anybody else, nor are its relations', async () => {
      const [ada, charles] = await idsOf('Ada Lovelace', 'Charles Babbage');
      const { relations } = (await ask(`entities/${ada}/neighbourhood`)).body;
      await graphs.fileOf(other.id, 'Grace Hopper lived.');
      const grace = (await ask('entities?q=grace', other)).body.items[0].id;
      for (const path of [
        `entities/${ada}`,
        `entities/${ada}/mentions`,
        `entities/${ada}/neighbourhood`,
        `path?from=${ada}&to=${charles}`,
        `path?from=${grace}&to=${ada}`,
      ])
        expect(await ask(path, other), path).toMatchObject({
          status: 404,
          body: { code: 'graph_entity_not_found' },
        });
      expect(await ask(`relations/${relations[0].id}/mentions`, other)).toMatchObject({
        status: 404,
        body: { code: 'graph_relation_not_found' },
      });
      expect(JSON.stringify(await ask('entities?q=a', other))).not.toContain('Ada');
      expect((await ask(`entities/${randomUUID()}`)).status).toBe(404);
      expect((await ask('entities/none')).status).toBe(422);
    });

    it('is gone with the files that named it, and has its id again when it comes back', async () => {
      const ada = await idOf('Ada Lovelace');
      for (const { fileId } of files) await graphs.service.removeFile(fileId);
      expect((await ask(`entities/${ada}`)).status).toBe(404);
      await graphs.fileOf(user.id, 'Ada Lovelace wrote.');
      expect(await ask(`entities/${ada}`)).toMatchObject({ status: 200, body: { mention_count: 1 } });
    });
  });

  describe('a neighbourhood', () => {
    it('goes as far as it is asked to, in both directions', async () => {
      await graphs.lines(user.id, 'a>x>b\nc>x>b\nc>x>d\nd>x>e\nz>x>y');
      const [a] = await idsOf('a');
      const around = async (depth: number) =>
        ((await ask(`entities/${a}/neighbourhood?depth=${depth}`)).body.entities as Item[])
          .map(({ name, distance }) => `${name}${distance}`)
          .sort();
      expect(await around(1)).toEqual(['a0', 'b1']);
      expect(await around(2)).toEqual(['a0', 'b1', 'c2']);
      expect(await around(3)).toEqual(['a0', 'b1', 'c2', 'd3']);
      for (const wrong of ['depth=0', 'depth=4', 'limit=201', 'depth=x'])
        expect((await ask(`entities/${a}/neighbourhood?${wrong}`)).status, wrong).toBe(422);
    });

    it('has what most chunks state when there is more than it may have, and says so', async () => {
      await graphs.lines(user.id, 'hub>x>a', 'hub>x>b\nhub>x>c', 'hub>x>c', 'hub>x>c\nhub>x>a');
      const [hub] = await idsOf('hub');
      const { body } = await ask(`entities/${hub}/neighbourhood?limit=3`);
      expect(body.entities.map(({ name }: Item) => name)).toEqual(['hub', 'c', 'a']);
      expect(body.relations.map((relation: { statement_count: number }) => relation.statement_count)).toEqual(
        [3, 2],
      );
      expect(body.is_truncated).toBe(true);
      expect((await ask(`entities/${hub}/neighbourhood?limit=4`)).body.is_truncated).toBe(false);
    });

    it('is bounded around an entity with very many relations', async () => {
      const lines = (from: number) => Array.from({ length: 90 }, (_, n) => `hub>x>n${from + n}`).join('\n');
      await graphs.lines(user.id, ...[0, 90, 180].map(lines));
      const [hub, n7] = await idsOf('hub', 'n7');
      const { body } = await ask(`entities/${hub}/neighbourhood?depth=3&limit=200`);
      expect(body.entities.length).toBe(52);
      expect(body.is_truncated).toBe(true);
      expect((await ask(`entities/${n7}/neighbourhood?limit=200`)).body).toMatchObject({
        is_truncated: false,
      });
    });
  });

  it('does not ask the database for longer than it may', async () => {
    await graphs.lines(user.id, 'a>x>b\nc>x>d');
    const [a, c] = await idsOf('a', 'c');
    const reads = test.app.get(TimedReads, { strict: false });
    const query = reads.query.bind(reads);
    const limits: number[] = [];
    const spy = vi.spyOn(reads, 'query').mockImplementation((_select, _parameters, limitMs) => {
      limits.push(limitMs);
      const digits = `(${Array.from({ length: 10 }, (_, n) => `SELECT ${n} AS n`).join(' UNION ALL ')})`;
      const tables = Array.from({ length: 12 }, (_, n) => `${digits} AS t${n}`).join(' CROSS JOIN ');
      return query(`SELECT COUNT(*) AS n FROM ${tables}`, [], 50);
    });
    try {
      for (const path of [`entities/${a}/neighbourhood`, `path?from=${a}&to=${c}`])
        expect(await ask(path)).toMatchObject({ status: 503, body: { code: 'graph_query_too_large' } });
      expect(limits).toHaveLength(2);
      expect(Math.max(...limits)).toBeLessThanOrEqual(3_000);
    } finally {
      spy.mockRestore();
    }
  });

  describe('a path', () => {
    const pathOf = async (from: string, to: string, query = '') => {
      const [a, b] = await idsOf(from, to);
      const { body } = await ask(`path?from=${a}&to=${b}${query}`);
      const names = new Map((body.entities as Item[]).map(({ id, name }) => [id, name]));
      const steps = (body.relations as { from_id: string; label: string; to_id: string }[]).map(
        ({ from_id, label, to_id }) => `${names.get(from_id)}>${label}>${names.get(to_id)}`,
      );
      return { names: [...names.values()].join(' '), steps, isExhaustive: body.is_exhaustive };
    };

    it('is a shortest one, along relations in either direction', async () => {
      await graphs.lines(user.id, 'a>1>b\nb>2>c\nc>3>d\ne>4>d\na>5>f\nd>6>f\ny>7>z');
      expect(await pathOf('a', 'e')).toEqual({
        names: 'a f d e',
        steps: ['a>5>f', 'd>6>f', 'e>4>d'],
        isExhaustive: true,
      });
      expect(await pathOf('e', 'a')).toMatchObject({ names: 'e d f a' });
      expect(await pathOf('a', 'a')).toEqual({ names: 'a', steps: [], isExhaustive: true });
      expect(await pathOf('a', 'z')).toEqual({ names: '', steps: [], isExhaustive: true });
    });

    it('is no longer than it may be', async () => {
      const names = Array.from({ length: 8 }, (_, n) => `n${n}`);
      await graphs.lines(
        user.id,
        names
          .slice(1)
          .map((name, n) => `${names[n]}>x>${name}`)
          .join('\n'),
      );
      expect((await pathOf('n0', 'n4')).names).toBe('n0 n1 n2 n3 n4');
      expect((await pathOf('n0', 'n5')).names).toBe('');
      expect((await pathOf('n0', 'n6', '&max_length=6')).steps).toHaveLength(6);
      expect((await pathOf('n0', 'n7', '&max_length=6')).steps).toHaveLength(0);
      const [a] = await idsOf('n0');
      expect((await ask(`path?from=${a}&to=${a}&max_length=7`)).status).toBe(422);
      expect((await ask(`path?from=${a}`)).status).toBe(422);
    });

    it('says so if not all there is could be looked at', async () => {
      const many = Array.from({ length: 60 }, (_, n) => `hub>x>n${n}`).join('\n');
      await graphs.lines(user.id, `${many}\nfar>x>away\nother>x>away`);
      expect(await pathOf('hub', 'far')).toEqual({ names: '', steps: [], isExhaustive: false });
    });
  });
});

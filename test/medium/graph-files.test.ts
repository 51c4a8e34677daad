import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { GraphRunRepository } from '../../src/modules/graph/graph-run.repository.js';
import { FileGraphReader } from '../../src/modules/graph/index.js';
import { columnsWith, TestErasures } from '../factories/erasures.js';
import { TestGraphFile, TestGraphs } from '../factories/graph.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer, createUser } from '../factories/users.js';

const ADA = 'Ada Lovelace worked with Charles Babbage in London.';
const MARIE = 'Marie Curie lived in Paris. ADA LOVELACE did not.';
const NAMES = [
  'Ada Lovelace',
  'ADA LOVELACE',
  'Charles Babbage',
  'Marie Curie',
  'Microsoft',
  'London',
  'Paris',
];

const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)] as T;
const randomText = () => `${pick(NAMES)} ${pick(['met', 'joined', 'and'])} ${pick(NAMES)} today.`;

describe('the graph of files', () => {
  let test: TestApp;
  let graphs: TestGraphs;
  let owner: string;
  beforeAll(async () => {
    test = await createTestApp();
    graphs = new TestGraphs(test);
  });
  beforeEach(() => {
    owner = randomUUID();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  afterAll(() => test.close());

  it('has entities, relations and where they are said, once however often a file is read', async () => {
    const file = await graphs.fileOf(owner, ADA, MARIE);
    const rows = await graphs.rowsOf(owner, [file]);
    expect(rows).toMatchObject({
      files: 1,
      chunks: ['0/0', '0/1'],
      entities: [
        ['person', 'ada lovelace', 'ADA LOVELACE', 2],
        ['person', 'charles babbage', 'Charles Babbage', 1],
        ['person', 'marie curie', 'Marie Curie', 1],
        ['place', 'london', 'London', 1],
        ['place', 'paris', 'Paris', 1],
      ],
      relations: [
        ['person ada lovelace', 'work with', 'person charles babbage', 1],
        ['person ada lovelace', 'work', 'place london', 1],
        ['person charles babbage', '', 'place london', 1],
        ['person marie curie', 'live in', 'place paris', 1],
      ],
    });
    expect(rows.aliases).toContainEqual(['person ada lovelace', 'ADA LOVELACE', 1]);
    expect(rows.mentions).toContainEqual(['0/1', 2, 'person ada lovelace', 'ADA LOVELACE', 28, 40]);
    expect(rows.statements).toContainEqual([
      '0/0',
      'person ada lovelace',
      'work with',
      'person charles babbage',
    ]);
    expect(rows.tails).toEqual(expect.arrayContaining(['ada lovelace person', 'lovelace person']));
    const again = await graphs.read(file);
    expect(again).toMatchObject({ chunks: 2, unchanged: 2 });
    expect(await graphs.rowsOf(owner, [file])).toEqual(rows);
  });

  it('has what the file says now, when its chunks have changed', async () => {
    const file = await graphs.fileOf(owner, ADA, MARIE, 'Microsoft bought GitHub Inc.');
    file.texts = [MARIE, MARIE];
    expect(await graphs.read(file)).toMatchObject({ chunks: 2, unchanged: 1 });
    const fresh = randomUUID();
    const wanted = await graphs.fileOf(fresh, MARIE, MARIE);
    expect(await graphs.rowsOf(owner, [file])).toEqual(await graphs.rowsOf(fresh, [wanted]));
  });

  it('loses with a file what only that file said', async () => {
    const [first, second] = [await graphs.fileOf(owner, ADA), await graphs.fileOf(owner, ADA, MARIE)];
    const fresh = randomUUID();
    const wanted = await graphs.rowsOf(fresh, [await graphs.fileOf(fresh, ADA)]);
    await graphs.service.removeFile(second.fileId);
    expect(await graphs.rowsOf(owner, [first])).toEqual(wanted);
    await graphs.service.removeFile(second.fileId);
    await graphs.service.removeFile(first.fileId);
    expect(await graphs.rowsOf(owner, [first])).toMatchObject({
      files: 0,
      entities: [],
      tails: [],
      relations: [],
    });
  });

  it('is the same after any changes of some files at once as if they had been read once', async () => {
    const files = Array.from({ length: 6 }, () => new TestGraphFile(owner, []));
    for (let round = 0; round < 4; round++) {
      for (const file of files) file.texts = Array.from({ length: 1 + (round % 3) }, randomText);
      await Promise.all(files.map((file) => graphs.read(file)));
      if (round === 2) await graphs.service.removeFile(files[0]!.fileId);
    }
    const fresh = randomUUID();
    const wanted: TestGraphFile[] = [];
    for (const { texts } of files) wanted.push(await graphs.fileOf(fresh, ...texts));
    expect(await graphs.rowsOf(owner, files)).toEqual(await graphs.rowsOf(fresh, wanted));
    await Promise.all(files.map(({ fileId }) => graphs.service.removeFile(fileId)));
    for (const { fileId } of wanted) await graphs.service.removeFile(fileId);
  });

  describe('cut off in the middle and read again', () => {
    const texts = [ADA, MARIE, ADA, 'Microsoft bought GitHub Inc.', MARIE].flatMap((text) =>
      Array(4).fill(text),
    );

    async function expectWhole(file: TestGraphFile): Promise<void> {
      const again = await graphs.read(file);
      expect(again.chunks).toBe(texts.length);
      expect(again.unchanged).toBeGreaterThan(0);
      const fresh = randomUUID();
      const wanted = await graphs.fileOf(fresh, ...texts);
      expect(await graphs.rowsOf(owner, [file])).toEqual(await graphs.rowsOf(fresh, [wanted]));
    }

    it('is whole if what gives the chunks failed', async () => {
      const file = new TestGraphFile(owner, texts);
      const broken = file.streamThen(() => {
        throw new Error('away');
      }, 17);
      await expect(
        graphs.service.replaceFile(file, broken, { signal: new AbortController().signal }),
      ).rejects.toThrow('away');
      await expectWhole(file);
    });

    it('is whole if it was stopped', async () => {
      const file = new TestGraphFile(owner, texts);
      const stop = new AbortController();
      const options = { signal: stop.signal, onProgress: () => stop.abort(new Error('stopped')) };
      const reading = graphs.service.replaceFile(
        file,
        file.streamThen(() => undefined),
        options,
      );
      await expect(reading).rejects.toThrow('stopped');
      await expectWhole(file);
    });

    it('is whole if a transaction failed after it had written what a chunk says', async () => {
      const file = new TestGraphFile(owner, texts);
      const runs = test.app.get(GraphRunRepository, { strict: false });
      const noteRead = runs.noteRead.bind(runs);
      let calls = 0;
      const spy = vi.spyOn(runs, 'noteRead').mockImplementation(async (...parameters) => {
        await noteRead(...parameters);
        if (++calls === 10) throw new Error('away');
      });
      await expect(graphs.read(file)).rejects.toThrow('away');
      spy.mockRestore();
      expect((await graphs.rowsOf(owner, [file])).chunks).toHaveLength(9);
      await expectWhole(file);
    });

    it('is gone if its removal was cut off and is asked for again', async () => {
      const file = await graphs.fileOf(owner, ...texts);
      const runs = test.app.get(GraphRunRepository, { strict: false });
      const forget = runs.forgetChunks.bind(runs);
      let calls = 0;
      const spy = vi.spyOn(runs, 'forgetChunks').mockImplementation(async (...parameters) => {
        await forget(...parameters);
        if (++calls === 3) throw new Error('away');
      });
      await expect(graphs.service.removeFile(file.fileId)).rejects.toThrow('away');
      spy.mockRestore();
      expect((await graphs.rowsOf(owner, [file])).chunks).toHaveLength(texts.length - 10);
      await graphs.service.removeFile(file.fileId);
      expect(await graphs.rowsOf(owner, [file])).toMatchObject({
        files: 0,
        chunks: [],
        mentions: [],
        statements: [],
      });
    });
  });

  it('keeps names of any characters, and takes them away again', async () => {
    const names = [
      '𠮷野家',
      'Ada\u0000 Lovelace',
      'half \uD83D',
      'a\\b',
      "O'Brien",
      'a%b_c',
      'ﷺ',
      '👩‍🚀 Ada',
      'e\u0301te\u0301',
      'é',
      'e',
      'ß',
      'ss',
      'İ',
      'i',
      'x'.repeat(120),
      '字'.repeat(120),
      'ad\u200Ba',
      'ada',
      'ADA',
      'ａｄａ',
    ];
    const lines = names.map((name, at) => `${name}>${name}>${names[(at + 1) % names.length]}`);
    const file = await graphs.lines(owner, lines.join('\n'), lines.join('\n'));
    const rows = await graphs.rowsOf(owner, [file]);
    expect(rows.entities.find(([, name]) => name === 'ada')).toEqual(['concept', 'ada', 'ADA', 20]);
    // é and e, ß and ss are different names; the two ways to write été are one.
    expect(rows.entities.map(([, name]) => name)).toEqual(
      expect.arrayContaining(['é', 'e', 'ß', 'ss', 'été', '𠮷野家']),
    );
    expect(rows.relations.length).toBeGreaterThan(15);
    await graphs.service.removeFile(file.fileId);
    const nothing = {
      files: 0,
      entities: [],
      tails: [],
      aliases: [],
      relations: [],
      mentions: [],
      statements: [],
    };
    expect(await graphs.rowsOf(owner, [file])).toMatchObject(nothing);
  });

  it('is written by the latest run alone', async () => {
    const file = new TestGraphFile(owner, [ADA, MARIE]);
    const overtaken = graphs.service.replaceFile(
      file,
      (async function* () {
        yield* file.chunks().slice(0, 1);
        await graphs.read(file);
        yield* file.chunks().slice(1);
      })(),
      { signal: new AbortController().signal },
    );
    await expect(overtaken).rejects.toMatchObject({ code: 'graph_file_overtaken' });
    const removed = graphs.service.replaceFile(
      file,
      (async function* () {
        await graphs.service.removeFile(file.fileId);
        yield* file.chunks();
      })(),
      { signal: new AbortController().signal },
    );
    await expect(removed).rejects.toMatchObject({ code: 'graph_file_overtaken' });
    expect(await graphs.rowsOf(owner, [file])).toMatchObject({ files: 0, chunks: [], entities: [] });
  });

  it('belongs to one owner', async () => {
    const mine = await graphs.fileOf(owner, ADA);
    const before = await graphs.rowsOf(owner, [mine]);
    const other = randomUUID();
    const stolen = Object.assign(new TestGraphFile(other, [MARIE]), { fileId: mine.fileId });
    await expect(graphs.read(stolen)).rejects.toThrow('another owner');
    const theirs = await graphs.fileOf(other, ADA);
    await graphs.service.removeFile(theirs.fileId);
    expect(await graphs.rowsOf(owner, [mine])).toEqual(before);
  });

  it('can be read as far as one file has said it', async () => {
    const reader = test.app.get(FileGraphReader, { strict: false });
    const said = 'Ada Lovelace met Charles Babbage.';
    const file = await graphs.fileOf(owner, said, `${said} Marie Curie left.`, 'Ada Lovelace saw London.');
    await graphs.fileOf(owner, said, 'Marie Curie met Charles Babbage.');
    const { entities, relations, isTruncated } = await reader.read(owner, file.fileId, 10);
    const names = new Map(entities.map(({ id, name }) => [id, name]));
    expect(entities.map(({ name, mentionCount }) => `${name} ${mentionCount}`).sort()).toEqual([
      'Ada Lovelace 3',
      'Charles Babbage 2',
      'London 1',
      'Marie Curie 1',
    ]);
    expect(
      relations.map(({ fromId, label, toId, statementCount: n }) => [
        names.get(fromId),
        label,
        names.get(toId),
        n,
      ]),
    ).toEqual([
      ['Ada Lovelace', 'meet', 'Charles Babbage', 2],
      ['Ada Lovelace', 'see', 'London', 1],
    ]);
    expect(isTruncated).toBe(false);
    const some = await reader.read(owner, file.fileId, 2);
    expect(some.entities.map(({ name }) => name)).toEqual(['Ada Lovelace', 'Charles Babbage']);
    expect(some).toMatchObject({ relations: [{ label: 'meet' }], isTruncated: true });
    const nothing = { entities: [], relations: [], isTruncated: false };
    expect(await reader.read(randomUUID(), file.fileId, 10)).toEqual(nothing);
    expect(await reader.read(owner, randomUUID(), 10)).toEqual(nothing);
  });

  it('goes with its owner, and nothing else does', async () => {
    const marker = `Zq${randomUUID().replaceAll('-', '')}`;
    const text = `${marker} and Ada Lovelace met in London.`;
    const user = await createUser(test);
    for (let n = 0; n < 3; n++) await graphs.fileOf(user.id, text, ADA);
    const bystander = await graphs.fileOf(owner, ADA);
    const before = await graphs.rowsOf(owner, [bystander]);
    expect(await columnsWith(graphs.transactions, marker)).toEqual(
      expect.arrayContaining(['graph_aliases.surface', 'graph_entities.name', 'graph_mentions.surface']),
    );
    const { password, accessToken } = user;
    const headers = bearer(accessToken);
    const answer = await test.app.inject({
      method: 'DELETE',
      url: '/api/account',
      headers,
      payload: { password },
    });
    expect(answer.statusCode).toBe(204);
    const erasures = new TestErasures(test);
    await erasures.sweep();
    expect(await erasures.of(user.id)).toMatchObject({ finished_at: expect.any(Date) });
    expect(await columnsWith(graphs.transactions, marker)).toEqual([]);
    expect(await columnsWith(graphs.transactions, marker.toLowerCase())).toEqual([]);
    expect(await graphs.rowsOf(user.id, [])).toMatchObject({
      files: 0,
      entities: [],
      aliases: [],
      relations: [],
    });
    expect(await graphs.rowsOf(owner, [bystander])).toEqual(before);
  });

  it('leaves no row of what is gone', async () => {
    const files: { file_id: string }[] = await graphs.transactions.single.query(
      'SELECT file_id FROM graph_files',
    );
    for (const { file_id } of files) await graphs.service.removeFile(file_id);
    expect(await graphs.countRows()).toBe(0);
  });
});

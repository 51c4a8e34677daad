import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestReader } from '../factories/knowledge.js';
import { columnsWith, TestErasures } from '../factories/erasures.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { embedding } from '../fakes/embeddings.js';
import { FakeUpstream, refusing } from '../fakes/openai-upstream.js';

const PUMP = 'Descale the pump twice a year with citric acid.';
const WEATHER = 'It rains in Bergen on most days of the year.';
const PASSWORD = '忘记登录密码时，请在设置页面重置密码。';
const REFUND = '订单完成后七天内可以申请退款。';

describe('searching documents', () => {
  let test: TestApp;
  let second: TestApp;
  let reader: TestReader;
  beforeAll(async () => {
    test = await createTestApp();
    // A second process on the same database, which keeps one owner at a time.
    second = await createTestApp({ ...test.environment, LOCKKEEPER_KNOWLEDGE_INDEX_MB: '0' });
  });
  beforeEach(async () => {
    reader = await TestReader.create(test);
  });
  afterAll(async () => {
    await second.close();
    await test.close();
  });

  it('finds passages in English and in Chinese, with the place and what was met', async () => {
    const fileId = await reader.file([WEATHER, PUMP, REFUND, PASSWORD], ['Care & <use>']);
    const [pump] = await reader.search('how often do I descale my pump?');
    expect(pump).toEqual({
      chunk_id: expect.any(String),
      file_id: fileId,
      position: 1,
      headings: ['Care & <use>'],
      place: { page: 2, start: WEATHER.length + 2, end: WEATHER.length + 2 + PUMP.length },
      text: PUMP,
      snippet: '<mark>Descale</mark> the <mark>pump</mark> twice a year with citric acid.',
      // First in both rankings.
      score: expect.closeTo(2 / 61, 5),
    });
    const [password] = await reader.search('怎样重置登录密码');
    expect(password).toMatchObject({ text: PASSWORD, position: 3 });
    expect(password?.snippet).toContain('<mark>登录密码</mark>');
    const [refund] = await reader.search('退款 refund');
    expect(refund).toMatchObject({ text: REFUND });
  });

  it('finds by headings, and by one character', async () => {
    await reader.file([WEATHER], ['Norway']);
    await reader.file([REFUND]);
    expect((await reader.textsOf('norway'))[0]).toBe(WEATHER);
    expect((await reader.textsOf('退'))[0]).toBe(REFUND);
  });

  it('finds what shares no whole word, by vectors', async () => {
    await reader.file(['Authentication of administrators', WEATHER]);
    expect((await reader.textsOf('administrator authenticate'))[0]).toBe('Authentication of administrators');
  });

  it('looks into the collections and files that are named', async () => {
    const [pumps, norway, other] = [
      await reader.file([PUMP]),
      await reader.file([WEATHER]),
      await reader.file([REFUND]),
    ];
    const collection = await reader.collection([pumps, norway]);
    const q = 'pump year 退款';
    expect((await reader.textsOf(q, { collection_id: collection })).sort()).toEqual([PUMP, WEATHER]);
    expect(await reader.textsOf(q, { file_id: other })).toEqual([REFUND]);
    expect(await reader.textsOf(q, { collection_id: collection, file_id: pumps })).toEqual([PUMP]);
    expect(await reader.textsOf(q, { collection_id: collection, file_id: other })).toEqual([]);
    expect(await reader.textsOf(q, { file_id: randomUUID() })).toEqual([]);
    const empty = await reader.collection();
    expect(await reader.textsOf(q, { collection_id: empty })).toEqual([]);
    const both = await reader.call(
      'GET',
      `/api/knowledge/search?q=pump&collection_id=${empty}&collection_id=${collection}`,
    );
    expect(both.body.items[0].text).toBe(PUMP);
    await reader.call('DELETE', `/api/collections/${collection}/files/${pumps}`);
    expect(await reader.textsOf(q, { collection_id: collection })).toEqual([WEATHER]);
  });

  it("knows nothing of somebody else's", async () => {
    const fileId = await reader.file([PUMP]);
    const collection = await reader.collection([fileId]);
    const other = await TestReader.create(test);
    await other.file([WEATHER]);
    const mine = await other.collection();
    expect(await other.textsOf('descale pump')).not.toContain(PUMP);
    expect(await other.textsOf('descale pump', { file_id: fileId })).toEqual([]);
    for (const query of [
      `collection_id=${collection}`,
      `collection_id=${mine}&collection_id=${collection}`,
    ]) {
      expect(await other.call('GET', `/api/knowledge/search?q=pump&${query}`)).toMatchObject({
        status: 404,
        body: { code: 'collection_not_found' },
      });
    }
  });

  it('is of one mind in all processes: what one has written or removed the other knows at once', async () => {
    const there = reader.at(second);
    const fileId = await reader.file([PUMP, WEATHER]);
    const ofVectors = 'descaling pumping';
    expect((await there.textsOf(ofVectors))[0]).toBe(PUMP);
    await reader.replace(fileId, [REFUND, 'Pumps are descaled by nobody.']);
    await reader.embed(fileId);
    expect((await there.textsOf(ofVectors))[0]).toBe('Pumps are descaled by nobody.');
    expect(await there.textsOf(ofVectors)).not.toContain(PUMP);
    const late = await there.file([PUMP]);
    expect(await reader.textsOf(ofVectors)).toContain(PUMP);
    await there.knowledge.removeFile(late);
    await there.knowledge.removeFile(fileId);
    expect(await reader.search(ofVectors)).toEqual([]);
    expect(await there.search(ofVectors)).toEqual([]);
  });

  it('finds all while several owners push each other out of memory, and files come meanwhile', async () => {
    const readers = await Promise.all(Array.from({ length: 4 }, () => TestReader.create(test)));
    const rounds = Array.from({ length: 5 }, (_, round) => round);
    await Promise.all(
      readers.map(async (owner, at) => {
        for (const round of rounds) {
          const text = `descaling${at}x${round} pumps`;
          await owner.file([text]);
          const found = await owner.at(second).textsOf(`descaling${at}x${round}`);
          expect(found[0]).toBe(text);
        }
        expect(await owner.at(second).textsOf('pumps')).toHaveLength(rounds.length);
      }),
    );
  });

  it.each(['', 'q=', 'q=x&limit=0', 'q=x&limit=51', 'q=x&collection_id=1', `q=${'x'.repeat(501)}`])(
    'is not asked %s',
    async (query) => {
      expect((await reader.call('GET', `/api/knowledge/search?${query}`)).status).toBe(422);
    },
  );

  it.each(['🎉', '%', '"', "'; --"])('finds nothing for %s', async (q) => {
    await reader.file([PUMP]);
    expect(await reader.search(q)).toEqual([]);
  });

  it('keeps nothing of a user who is erased', async () => {
    const marker = `marker-${randomUUID()}`;
    const before = await reader.countRows();
    const fileId = await reader.file([marker], [marker]);
    await reader.collection([fileId]);
    await reader.call('POST', '/api/collections', { name: marker });
    expect((await columnsWith(reader.transactions, marker)).sort()).toEqual([
      'knowledge_chunks.headings',
      'knowledge_chunks.text',
      'knowledge_collections.name',
    ]);
    const { password } = reader.user;
    expect((await reader.call('DELETE', '/api/account', { password })).status).toBe(204);
    await new TestErasures(test).sweep();
    expect(await columnsWith(reader.transactions, marker)).toEqual([]);
    expect(await columnsWith(reader.transactions, fileId)).toEqual([]);
    const kept = await columnsWith(reader.transactions, reader.user.id);
    expect(kept.filter((column) => column.startsWith('knowledge_'))).toEqual([]);
    expect(await reader.countRows()).toEqual(before);
  });
});

describe('searching documents by what they mean', () => {
  let upstream: FakeUpstream;
  let test: TestApp;
  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    test = await createTestApp({ LOCKKEEPER_EMBEDDINGS_URL: upstream.url });
  });
  afterAll(async () => {
    await test.close();
    await upstream.close();
  });

  it('joins both rankings, and goes on with the words while the embedder is away', async () => {
    upstream.follow(embedding);
    const reader = await TestReader.create(test);
    await reader.file(['a cat on a mat', 'an automobile', 'the word vehicle']);
    expect((await reader.textsOf('car vehicle')).slice(0, 2).sort()).toEqual([
      'an automobile',
      'the word vehicle',
    ]);
    upstream.follow(refusing(503, 'Not now.'));
    const { status, body } = await reader.call('GET', '/api/knowledge/search?q=car%20vehicle');
    expect(status).toBe(200);
    expect(body.is_hybrid).toBe(false);
    expect(body.items.map(({ text }: { text: string }) => text)).toEqual(['the word vehicle']);
  });
});

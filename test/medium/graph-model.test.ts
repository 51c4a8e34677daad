import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answerOf, askedIn, readingGraph as reading } from '../fakes/graph-model.js';
import { answering, FakeUpstream, refusing, type Script } from '../fakes/openai-upstream.js';
import { TestGraphFile, TestGraphs } from '../factories/graph.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';

const MODELS = JSON.stringify([
  { id: 'reader', upstream_id: 'inner', input_price: '0', output_price: '0', max_output_tokens: 2000 },
]);
const CHUNKS_A_CALL = 6;

/** Reads, but does something else when it is asked about a chunk with this word. */
const readingBut =
  (word: string, otherwise: Script): Script =>
  (call) =>
    askedIn(call).some(({ text }) => text.includes(word)) ? otherwise(call) : reading(call);

/** Goes on until the caller hangs up. */
const endless: Script = async (call) => {
  call.begin();
  while (!call.socket.destroyed) await call.sendTexts('x'.repeat(5_000));
};

describe('a graph that a model reads', () => {
  let upstream: FakeUpstream;
  let test: TestApp;
  let graphs: TestGraphs;
  let owner: string;
  const start = (settings: Record<string, string> = {}) =>
    createTestApp({
      LOCKKEEPER_UPSTREAM_URL: upstream.url,
      LOCKKEEPER_UPSTREAM_ATTEMPTS: '1',
      LOCKKEEPER_MODELS: MODELS,
      LOCKKEEPER_GRAPH_EXTRACTOR: 'model',
      LOCKKEEPER_GRAPH_MODEL: 'reader',
      ...settings,
    });
  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    test = await start();
    graphs = new TestGraphs(test);
  });
  beforeEach(() => {
    owner = randomUUID();
  });
  afterAll(async () => {
    await test.close();
    await upstream.close();
  });

  const texts = (count: number) => Array.from({ length: count }, (_, n) => `Ada knows Bob${n}.`);
  const namesOf = async (file: TestGraphFile) =>
    (await graphs.rowsOf(file.ownerId, [file])).entities.map(([, name]) => name);

  it('has what the model says, as far as the text says it too', async () => {
    upstream.follow(reading);
    const file = await graphs.fileOf(owner, 'Ada knows Bob.');
    expect(await graphs.rowsOf(owner, [file])).toMatchObject({
      entities: [
        ['person', 'ada', 'Ada', 1],
        ['person', 'bob', 'Bob', 1],
      ],
      relations: [['person ada', 'knows', 'person bob', 1]],
      mentions: [
        ['0/0', 0, 'person ada', 'Ada', 0, 3],
        ['0/0', 1, 'person bob', 'Bob', 10, 13],
      ],
    });
    const [{ extractor } = {}]: { extractor?: string }[] = await graphs.transactions.single.query(
      'SELECT extractor FROM graph_chunks WHERE file_id = ?',
      [file.fileId],
    );
    expect(extractor).toBe('model-1-reader');
    expect(upstream.calls[0]?.body).toMatchObject({
      model: 'inner',
      max_tokens: 1500,
      response_format: { type: 'json_schema', json_schema: { strict: true, schema: { type: 'object' } } },
    });
  });

  it('is asked for by several chunks at once, and not again for what was read', async () => {
    upstream.follow(reading);
    const file = new TestGraphFile(owner, texts(14));
    expect(await graphs.read(file)).toMatchObject({ chunks: 14, unchanged: 0, tokensSpent: 330 });
    expect(upstream.calls.map((call) => askedIn(call).length)).toEqual([6, 6, 2]);
    expect(await namesOf(file)).toHaveLength(15);
    expect(await graphs.read(file)).toMatchObject({ chunks: 14, unchanged: 14, tokensSpent: 0 });
    expect(upstream.calls).toHaveLength(3);
  });

  describe.each<[string, Script, object]>([
    ['an answer that is no JSON', answering(['Sorry, {']), { malformed: 1, refused: 0 }],
    [
      'an answer that was cut',
      answering(['{"chunks":[{"ch'], { finishReason: 'length' }),
      { malformed: 1, refused: 0 },
    ],
    ['an answer about other chunks', answering(['{"chunks":[]}']), { malformed: 1, refused: 0 }],
    ['an answer without an end', endless, { malformed: 1, refused: 0 }],
    ['no answer', answering([]), { malformed: 0, refused: 1 }],
    ['a filtered answer', answering(['{'], { finishReason: 'content_filter' }), { malformed: 0, refused: 1 }],
    ['a refused request', refusing(400, 'not this'), { malformed: 0, refused: 1 }],
  ])('with %s', (_what, script, counts) => {
    it('has all the others, and the one is counted and left out', async () => {
      upstream.follow(readingBut('Bob2', script));
      const file = new TestGraphFile(owner, texts(CHUNKS_A_CALL));
      expect(await graphs.read(file)).toMatchObject({ chunks: CHUNKS_A_CALL, overBudget: 0, ...counts });
      expect(await namesOf(file)).toEqual(['ada', 'bob0', 'bob1', 'bob3', 'bob4', 'bob5']);
      expect(upstream.calls.length).toBeLessThanOrEqual(1 + CHUNKS_A_CALL + 1);
      // It is tried again when the file is processed again, and only it.
      upstream.follow(reading);
      expect(await graphs.read(file)).toMatchObject({ chunks: CHUNKS_A_CALL, unchanged: CHUNKS_A_CALL - 1 });
      expect(await namesOf(file)).toContain('bob2');
      expect(upstream.calls).toHaveLength(1);
    });
  });

  it('no longer has what a chunk has said before, if the model does not read what it says now', async () => {
    upstream.follow(reading);
    const file = await graphs.fileOf(owner, 'Ada knows Bob.', 'Eve knows Ada.');
    file.texts = ['Ada knows Carol.', 'Eve knows Ada.'];
    upstream.follow(refusing(400));
    expect(await graphs.read(file)).toMatchObject({ refused: 1, unchanged: 1 });
    expect(await namesOf(file)).toEqual(['ada', 'eve']);
  });

  it('goes on at the chunk where the provider failed', async () => {
    const file = new TestGraphFile(owner, texts(15));
    upstream.follow(readingBut('Bob13', refusing(503)));
    await expect(graphs.read(file)).rejects.toMatchObject({ code: 'provider_failed' });
    upstream.follow(reading);
    expect(await graphs.read(file)).toMatchObject({ chunks: 15, unchanged: 12 });
    expect(upstream.calls.flatMap(askedIn).map(({ text }) => text)).toEqual(texts(15).slice(12));
    const fresh = randomUUID();
    const wanted = await graphs.fileOf(fresh, ...texts(15));
    expect(await graphs.rowsOf(owner, [file])).toEqual(await graphs.rowsOf(fresh, [wanted]));
  });

  it('costs no more than it may, however often it fails', async () => {
    const small = await start({
      LOCKKEEPER_DATABASE_URL: test.environment['LOCKKEEPER_DATABASE_URL']!,
      LOCKKEEPER_GRAPH_MAX_TOKENS_A_FILE: '10000',
    });
    try {
      const bounded = new TestGraphs(small);
      const dear: Script = (call) => answering([answerOf(askedIn(call))], { usage: [3000, 1000] })(call);
      const file = new TestGraphFile(owner, texts(30));
      upstream.follow(dear, refusing(503));
      await expect(bounded.read(file)).rejects.toMatchObject({ code: 'provider_failed' });
      upstream.follow(dear);
      expect(await bounded.read(file)).toMatchObject({ unchanged: 6, overBudget: 18, tokensSpent: 4000 });
      expect(upstream.calls).toHaveLength(1);
      // Once it is whole, another processing is another bill.
      expect(await bounded.read(file)).toMatchObject({ unchanged: 12, overBudget: 6, tokensSpent: 8000 });
    } finally {
      await small.close();
    }
  });

  it.each(['', 'unknown', 'local'])('is refused at the start with the model %j', async (model) => {
    const settings = { LOCKKEEPER_GRAPH_MODEL: model, LOCKKEEPER_LOCAL_MODEL: 'on' };
    const database = { LOCKKEEPER_DATABASE_URL: test.environment['LOCKKEEPER_DATABASE_URL']! };
    await expect(start({ ...settings, ...database })).rejects.toThrow(/model/i);
  });
});

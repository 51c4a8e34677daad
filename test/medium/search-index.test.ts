import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Turn, turnsSaved } from '../../src/modules/conversation/index.js';
import { messageNoOf } from '../../src/modules/search/domain/message-place.js';
import { CatchUpIndexHandler } from '../../src/modules/search/jobs/catch-up-index.handler.js';
import { IndexTurnsHandler } from '../../src/modules/search/jobs/index-turns.handler.js';
import { SearchIndex } from '../../src/modules/search/index.js';
import { Events } from '../../src/platform/events/index.js';
import { answeringJson, embedding, embeddingAllBut } from '../fakes/embeddings.js';
import { FakeUpstream, refusing, type Script } from '../fakes/openai-upstream.js';
import { countPostings, indexOf, TestSearcher, untilIndexed } from '../factories/search.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestWorker } from '../factories/test-worker.js';
import { TestTurns } from '../factories/turns.js';
import { waitUntil } from '../factories/wait.js';

const EMBEDDER = 'upstream:meanings-1';
const never = new AbortController().signal;

let test: TestApp;
let turns: TestTurns;
let searcher: TestSearcher;
let index: SearchIndex;

/** An hour ago, as if the event of these turns had been lost since. */
async function makeOld(made: readonly Turn[]): Promise<void> {
  await turns.transactions.single.query(
    'UPDATE turns SET saved_at = saved_at - INTERVAL 1 HOUR WHERE id IN (?)',
    [made.map(({ id }) => id)],
  );
}

async function isMarked(turn: Turn): Promise<boolean> {
  const rows: unknown[] = await turns.transactions.single.query(
    'SELECT 1 FROM turns WHERE id = ? AND is_indexed = 1',
    [turn.id],
  );
  return rows.length > 0;
}

describe('the search index', () => {
  let worker: INestApplicationContext;
  beforeAll(async () => {
    test = await createTestApp();
    worker = await createTestWorker(test.environment);
    turns = new TestTurns(test);
    index = test.app.get(SearchIndex, { strict: false });
  });
  beforeEach(async () => {
    searcher = await TestSearcher.create(test, turns);
  });
  afterAll(async () => {
    await turns.close();
    await worker.close();
    await test.close();
  });

  const catchUp = (signal = never) => worker.get(CatchUpIndexHandler, { strict: false }).run({ signal });

  it('is the same when a job is done twice, and when two do it at once', async () => {
    const turn = await searcher.saySilently(['to be or not to be', '机器学习'], 'that is the question');
    const job = { turn_ids: [turn.id] };
    const run = { jobId: 'of a test', attempt: 1, signal: never };
    const handler = worker.get(IndexTurnsHandler, { strict: false });
    await Promise.all([
      handler.handle(job, run),
      handler.handle(job, run),
      index.indexTurns([turn.id], never),
    ]);
    const once = await indexOf(turns, searcher.conversationId);
    expect(once).toHaveLength(3);
    const postings = await countPostings(turns, once[0]!.owner_key);
    expect(postings).toBe(4 + 7 + 4);
    await handler.handle(job, { ...run, attempt: 2 });
    expect(await indexOf(turns, searcher.conversationId)).toEqual(once);
    expect(await countPostings(turns, once[0]!.owner_key)).toBe(postings);
    expect(await isMarked(turn)).toBe(true);
  });

  it('gives two messages that ask for one number two', async () => {
    const created_at = new Date('2027-01-31T12:00:00.000Z');
    const first = randomUUID();
    const numberOf = (id: string) => messageNoOf({ id, created_at, sequence: 1 });
    let second = randomUUID();
    while (numberOf(second) !== numberOf(first)) second = randomUUID();
    const made: Turn[] = [];
    for (const id of [first, second]) {
      const conversationId = await turns.conversation(undefined, searcher.user.id);
      const turn = turns.turn(conversationId, { owner_id: searcher.user.id, messages: [] });
      const finished = turns.answered(turn, `needle ${id}`);
      Object.assign(finished.messages[0]!, { id, created_at: created_at.toISOString() });
      await turns.saveSilently(finished);
      made.push(finished);
    }
    await Promise.all(made.map(({ id }) => index.indexTurns([id], never)));
    const { items } = await searcher.search('needle');
    expect(items.map((item) => item.message_id).sort()).toEqual([first, second].sort());
  });

  it('leaves out what is no text of users or models', async () => {
    const turn = await searcher.saySilently(['', 'a needle'], '');
    await index.indexTurns([turn.id], never);
    expect(await indexOf(turns, searcher.conversationId)).toHaveLength(1);
    expect(await isMarked(turn)).toBe(true);
  });

  it('catches up with turns whose event was lost, and leaves new ones to their jobs', async () => {
    const lost = await searcher.saySilently(['an old needle']);
    await makeOld([lost]);
    const fresh = await searcher.saySilently(['a new needle']);
    await catchUp();
    expect(await searcher.snippets('needle')).toEqual(['an old <mark>needle</mark>']);
    expect(await isMarked(lost)).toBe(true);
    expect(await isMarked(fresh)).toBe(false);
    const alike = await searcher.search('old needle', { mode: 'semantic' });
    expect(alike.items).toHaveLength(1);
  });

  it('is caught up with no further when the time is up', async () => {
    const lost = await searcher.saySilently(['needle']);
    await makeOld([lost]);
    expect(await catchUp(AbortSignal.abort())).toEqual({ turns: 0, messages: 0 });
    expect(await isMarked(lost)).toBe(false);
    expect(await catchUp()).toMatchObject({ turns: 1 });
    expect(await isMarked(lost)).toBe(true);
  });

  it('splits the turns of an event into jobs of a hundred', async () => {
    const made: Turn[] = [];
    for (let n = 0; n < 101; n++) made.push(await searcher.saySilently([`needle ${n}`]));
    worker.get(Events).emit(turnsSaved, { turnIds: made.map(({ id }) => id) });
    await untilIndexed(turns, made);
    expect(await searcher.snippets('"needle 100"')).toHaveLength(1);
  });

  it('keeps nothing of a conversation that is erased, and all of the others', async () => {
    const elsewhere = await turns.conversation(undefined, searcher.user.id);
    const doomed = await searcher.say(Array.from({ length: 150 }, (_, n) => `needle ${n} 机器学习`));
    const kept = await searcher.say(['needle kept'], '', elsewhere);
    await untilIndexed(turns, [doomed, kept]);
    const ownerKey = (await indexOf(turns, searcher.conversationId))[0]!.owner_key;
    await turns.deleteRow(searcher.conversationId);
    await Promise.all([1, 2].map(() => index.eraseConversation(searcher.conversationId)));
    await index.eraseConversation(searcher.conversationId);
    expect(await indexOf(turns, searcher.conversationId)).toEqual([]);
    expect(await countPostings(turns, ownerKey)).toBe(2);
    expect(await searcher.snippets('needle')).toEqual(['<mark>needle</mark> kept']);
    // A job that comes late finds nothing to add.
    await index.indexTurns([doomed.id], never);
    expect(await countPostings(turns, ownerKey)).toBe(2);
  });

  it('gets nothing of a conversation that is deleted while it is read', async () => {
    const turn = await searcher.saySilently(['a needle', 'another'], 'needle');
    const read = turns.service.readTurnMessages.bind(turns.service);
    const owner = searcher;
    turns.service.readTurnMessages = async (ids) => {
      const messages = await read(ids);
      await turns.deleteRow(owner.conversationId);
      return messages;
    };
    try {
      await index.indexWords([turn.id], never);
    } finally {
      turns.service.readTurnMessages = read;
    }
    expect(await indexOf(turns, searcher.conversationId)).toEqual([]);
  });
});

describe('the search index with an embeddings endpoint', () => {
  let upstream: FakeUpstream;
  let worker: INestApplicationContext;
  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    test = await createTestApp({
      LOCKKEEPER_EMBEDDINGS_URL: upstream.url,
      LOCKKEEPER_EMBEDDINGS_KEY: 'key of a test',
      LOCKKEEPER_EMBEDDINGS_MODEL: 'meanings-1',
      LOCKKEEPER_EMBEDDINGS_TIMEOUT_MS: '6000',
    });
    worker = await createTestWorker(test.environment);
    turns = new TestTurns(test);
    index = test.app.get(SearchIndex, { strict: false });
  });
  beforeEach(async () => {
    upstream.follow(embedding);
    searcher = await TestSearcher.create(test, turns);
  });
  afterAll(async () => {
    await turns.close();
    await worker.close();
    await test.close();
    await upstream.close();
  });

  const catchUp = (signal = never) => worker.get(CatchUpIndexHandler, { strict: false }).run({ signal });

  it('finds by what its vectors mean', async () => {
    const turn = await searcher.say(['my automobile is red', 'a kitten sleeps', '我的钱在哪里']);
    await untilIndexed(turns, [turn], EMBEDDER);
    const { items } = await searcher.search('汽车', { mode: 'semantic' });
    expect(items[0]).toMatchObject({ snippet: 'my automobile is red' });
    expect(items[0]!.score).toBeGreaterThan(0.99);
    expect(items[1]?.score ?? 0).toBeLessThan(0.1);
    expect(upstream.calls[0]).toMatchObject({
      path: '/v1/embeddings',
      headers: { authorization: 'Bearer key of a test' },
      body: { model: 'meanings-1', encoding_format: 'float' },
    });
    expect(upstream.calls[0]!.body['input']).toHaveLength(3);
  });

  it('does a job again whose embedding failed; words are found meanwhile', async () => {
    let isMended = false;
    upstream.follow((call) => (isMended ? embedding(call) : call.refuse(503, 'Overloaded.')));
    const turn = await searcher.say(['my automobile needle']);
    await waitUntil('the endpoint was asked in vain', () => upstream.calls.length > 0);
    expect(await searcher.snippets('needle')).toEqual(['my automobile <mark>needle</mark>']);
    expect(await indexOf(turns, searcher.conversationId)).toMatchObject([{ embedder: '' }]);
    isMended = true;
    await untilIndexed(turns, [turn], EMBEDDER);
    expect(await searcher.snippets('car', { mode: 'semantic' })).toHaveLength(1);
  });

  it.each<[string, Script, number, string]>([
    ['is overloaded', refusing(429, 'no', { 'retry-after': '1' }), 503, 'provider_overloaded'],
    ['fails', refusing(500), 502, 'provider_failed'],
    ['does not know our key', refusing(401), 502, 'provider_rejects_credentials'],
    ['refuses', refusing(400), 400, 'provider_refused'],
    ['breaks off', (call) => call.reset(), 502, 'provider_failed'],
    ['sends no JSON', answeringJson('<html>'), 502, 'provider_failed'],
    ['sends something else', answeringJson({ data: [{ index: 0 }] }), 502, 'provider_failed'],
    ['sends no vector', answeringJson({ data: [] }), 502, 'provider_failed'],
    [
      'sends a vector too many',
      answeringJson({ data: [0, 1].map((index) => ({ index, embedding: [1] })) }),
      502,
      'provider_failed',
    ],
    [
      'sends one in the wrong place',
      answeringJson({ data: [{ index: 1_000_000, embedding: [1] }] }),
      502,
      'provider_failed',
    ],
    ['does not answer', () => undefined, 504, 'provider_timed_out'],
  ])('tells that the endpoint %s', async (_what, script, status, code) => {
    upstream.follow(script);
    expect(await searcher.search('car', { mode: 'semantic' })).toMatchObject({ status, code });
    expect((await searcher.search('car')).status).toBe(200);
  });

  it('gives up a text that the endpoint refuses, and no other', async () => {
    upstream.follow(embeddingAllBut('unspeakable'));
    const turn = await searcher.saySilently(['a car', 'an unspeakable car', 'another car']);
    await index.indexTurns([turn.id], never);
    const { items } = await searcher.search('automobile', { mode: 'semantic' });
    expect(items.map(({ snippet }) => snippet).sort()).toEqual(['a car', 'another car']);
    expect(await searcher.snippets('unspeakable')).toHaveLength(1);
    // It is not asked about again.
    upstream.follow(embedding);
    await index.indexTurns([turn.id], never);
    expect(upstream.calls).toEqual([]);
  });

  it('gives up nothing while the endpoint refuses everything', async () => {
    upstream.follow(refusing(404, 'There is no such model.'));
    const turn = await searcher.saySilently(['a car']);
    await expect(index.indexTurns([turn.id], never)).rejects.toMatchObject({ code: 'provider_refused' });
    expect(await indexOf(turns, searcher.conversationId)).toMatchObject([{ embedder: '' }]);
    upstream.follow(embedding);
    await catchUp();
    expect(await indexOf(turns, searcher.conversationId)).toMatchObject([{ embedder: EMBEDDER }]);
  });

  it('sends the beginning of a long text', async () => {
    const turn = await searcher.saySilently(['car '.repeat(20_000)]);
    await index.indexTurns([turn.id], never);
    const [input] = upstream.calls[0]!.body['input'] as [string];
    expect(input).toHaveLength(6_000);
  });

  it('leaves out the vectors of another embedder until they are made anew', async () => {
    const plain = await createTestApp({
      LOCKKEEPER_DATABASE_URL: test.environment['LOCKKEEPER_DATABASE_URL']!,
    });
    try {
      const turn = await searcher.saySilently(Array.from({ length: 70 }, (_, n) => `a kitten ${n}`));
      await plain.app.get(SearchIndex, { strict: false }).indexTurns([turn.id], never);
      const before = await searcher.at(plain).search('a kitten 7', { mode: 'semantic' });
      expect(before.items).not.toEqual([]);
      expect(await searcher.search('cat', { mode: 'semantic' })).toMatchObject({ status: 200, items: [] });
      await catchUp();
      const rows = await indexOf(turns, searcher.conversationId);
      expect(new Set(rows.map(({ embedder }) => embedder))).toEqual(new Set([EMBEDDER]));
      expect((await searcher.search('cat', { mode: 'semantic', limit: '50' })).items).toHaveLength(50);
      expect((await searcher.at(plain).search('a kitten 7', { mode: 'semantic' })).items).toEqual([]);
      // Also where the vectors are of the same size.
      await turns.transactions.single.query(
        `UPDATE message_index SET embedder = 'upstream:other' WHERE conversation_id = ?`,
        [searcher.conversationId],
      );
      expect((await searcher.search('cat', { mode: 'semantic' })).items).toEqual([]);
    } finally {
      await plain.close();
    }
  });
});

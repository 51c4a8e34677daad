import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TurnAccounting } from '../../src/modules/chat/turn-accounting.js';
import { TurnRunner } from '../../src/modules/chat/turn-runner.service.js';
import { RedisAwayError, RedisBreaker } from '../../src/platform/redis/index.js';
import { FakeUpstream, type UpstreamCall } from '../fakes/openai-upstream.js';
import { saveAllTurns, TestChatter } from '../factories/chat.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestDatabase, type TestDatabase } from '../factories/test-database.js';
import { createTestRedis } from '../factories/test-redis.js';
import { TestTurns } from '../factories/turns.js';
import { waitUntil } from '../factories/wait.js';

const MODELS = JSON.stringify([{ id: 'fake', input_price: '3', output_price: '7' }]);
const COST = 3n * 10n + 7n * 2n;

/** Answers with a part, and with the rest once it is told to. */
async function answerInTwoParts(call: UpstreamCall, middle: Promise<void>) {
  call.begin();
  await call.sendTexts('Hi');
  await middle;
  await call.sendTexts(' there');
  await call.sendDelta({}, 'stop');
  await call.sendUsage(10, 2);
  call.end();
}

describe('a chat turn', () => {
  let upstream: FakeUpstream;
  let redis: TcpProxy;
  let mysql: TcpProxy;
  let database: TestDatabase;
  let test: TestApp;
  let turns: TestTurns;
  let chatter: TestChatter;
  /** Lets the fake go on with the second part of its answer. */
  let goOn: () => void;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    redis = await createTcpProxy(await createTestRedis());
    database = await createTestDatabase();
    mysql = await createTcpProxy(database.url);
    test = await createTestApp({
      LOCKKEEPER_DATABASE_URL: mysql.url,
      LOCKKEEPER_REDIS_URL: redis.url,
      LOCKKEEPER_REDIS_COMMAND_TIMEOUT_MS: '400',
      LOCKKEEPER_UPSTREAM_URL: upstream.url,
      LOCKKEEPER_MODELS: MODELS,
      LOCKKEEPER_SAVE_BACKLOG_LIMIT: '3',
    });
    await test.app.listen(0, '127.0.0.1');
    turns = new TestTurns(test);
  });
  beforeEach(async () => {
    const { promise: middle, resolve } = Promise.withResolvers<void>();
    goOn = resolve;
    upstream.follow((call) => answerInTwoParts(call, middle));
    await saveAllTurns(test);
    chatter = await TestChatter.create(test);
  });
  afterAll(async () => {
    await turns.close();
    await test.close();
    await upstream.close();
    await redis.cut();
    await mysql.cut();
    await database.drop();
  });

  const answer = { content: 'Hi there', status: 'complete' };
  const whole = [{ content: 'Hello' }, answer];
  const stream = (someone: TestChatter) => someone.stream('Hello', 'fake');

  const allEnded = () =>
    waitUntil('the end of all turns', () => test.app.get(TurnRunner, { strict: false }).count === 0);

  async function sweep() {
    await turns.makeAllOverdue();
    await turns.sweeper().sweep();
  }

  const breaker = () => test.app.get(RedisBreaker, { strict: false });
  const redisIsAway = () => waitUntil('that Redis is missed', () => breaker().isOpen);

  /** Waits for Redis to answer the application again. */
  async function redisIsBack({ withoutSaving = false } = {}) {
    await waitUntil('Redis', () => !breaker().isOpen);
    if (!withoutSaving) await saveAllTurns(test);
  }

  async function expectRefusedAsUnavailable(answer: Awaited<ReturnType<TestChatter['say']>>) {
    expect(answer).toMatchObject({ status: 503, body: { error: { type: 'server_error' } } });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.headers['x-should-retry']).toBe('true');
    const { account, holds } = await chatter.books();
    expect(account).toMatchObject({ frozen: 0n, balance: 10_000_000n });
    expect(holds.filter((hold) => hold.status === 'open')).toEqual([]);
    expect(await chatter.get('/api/conversations')).toMatchObject({ items: [] });
    expect(upstream.calls).toHaveLength(0);
  }

  it('is refused while too many wait to be saved, and leaves nothing behind', async () => {
    for (let shard = 0; shard < 8; shard++) await turns.finishedTurns(await turns.conversation(shard), 3);
    const answer = await chatter.say('Hello', 'fake');
    await expectRefusedAsUnavailable(answer);
    expect(answer.body.error.code).toBe('save_backlog_full');
    await saveAllTurns(test);
    goOn();
    expect((await chatter.say('Hello', 'fake')).status).toBe(200);
  });

  it('runs, is read and saved as ever while Redis is away', async () => {
    await redis.cut();
    const [first, second] = [await stream(chatter), await stream(chatter)];
    goOn();
    for (const one of [first, second]) expect((await one.rest()).at(-1)).toBe('[DONE]');
    expect(await chatter.messages(first.conversationId)).toMatchObject(whole);
    const again = await chatter.say('More', 'fake', first.conversationId);
    expect(again).toMatchObject({ status: 200, conversationId: first.conversationId });
    expect(await chatter.messages(first.conversationId)).toMatchObject([
      ...whole,
      { content: 'More' },
      answer,
    ]);
    await redis.restore();
    await redisIsBack();
    await saveAllTurns(test);
    expect(await chatter.messages(first.conversationId)).toMatchObject([
      ...whole.map((message) => ({ ...message, is_saved: true })),
      { content: 'More', is_saved: true },
      { ...answer, is_saved: true },
    ]);
    await chatter.expectTurn(second, { turn: { status: 'complete' }, cost: COST, messages: whole });
    expect(await turns.waitingRows(first.conversationId)).toEqual([]);
  });

  it('runs when Redis hangs, is told within a moment, and only once though Redis had taken it', async () => {
    redis.mute();
    const startedAt = performance.now();
    const one = await stream(chatter);
    await one.until('Hi');
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    redis.unmute();
    await redisIsBack();
    goOn();
    await one.rest();
    await sweep();
    await saveAllTurns(test);
    await chatter.expectTurn(one, { turn: { status: 'complete' }, cost: COST, messages: whole });
    expect(await turns.makeAllOverdue()).toBe(0);
    expect(await turns.waitingRows(one.conversationId)).toEqual([]);
  });

  it('whose process dies while Redis is away is ended as interrupted with what was answered', async () => {
    await redis.cut();
    await redisIsAway();
    const conversationId = await turns.conversation(undefined, chatter.user.id);
    const turn = turns.turn(conversationId, { owner_id: chatter.user.id });
    await test.app.get(TurnAccounting, { strict: false }).hold(chatter.user.id, turn.id, 1_000_000n);
    await turns.start(turn);
    await turns.note(turn, 'as far as ');
    await turns.note(turn, 'it came');
    await turns.sweeper().sweep();
    expect((await chatter.books()).account.frozen).toBe(1_000_000n);
    await turns.makeDegradedOverdue();
    await turns.sweeper().sweep();
    expect((await chatter.books()).holds).toMatchObject([{ status: 'settled' }]);
    expect(await chatter.messages(turn.conversation_id)).toMatchObject([
      { content: 'question' },
      { content: 'as far as it came', status: 'interrupted' },
    ]);
    await redis.restore();
    await redisIsBack();
  });

  it('that waits in Redis is saved before those that finished while Redis was away', async () => {
    const earlier = await turns.finishedTurn(await turns.conversation(undefined, chatter.user.id));
    const id = earlier.conversation_id;
    await redis.cut();
    goOn();
    const during = await chatter.say('during', 'fake', id);
    expect(during.status).toBe(200);
    await redis.restore();
    await redisIsBack({ withoutSaving: true });
    const after = await chatter.say('after', 'fake', id);
    expect((await chatter.messages(id)).map((message) => message.content)).toEqual([
      'question',
      `answer of ${earlier.id}`,
      'during',
      'Hi there',
      'after',
      'Hi there',
    ]);
    await saveAllTurns(test);
    const order = [earlier.id, during.turnId, after.turnId];
    expect(await turns.savedOrder(id)).toEqual(order.flatMap((turnId) => [turnId, turnId]));
  });

  it('is refused while MySQL is away', async () => {
    await mysql.cut();
    const answer = await chatter.say('Hello', 'fake');
    await mysql.restore();
    await expectRefusedAsUnavailable(answer);
  });

  it('that finishes while Redis is away is kept in the database, once', async () => {
    const stream = await chatter.stream('Hello', 'fake');
    await stream.until('Hi');
    await redis.cut();
    goOn();
    expect((await stream.rest()).at(-1)).toBe('[DONE]');
    expect(await turns.waitingRows(stream.conversationId)).toMatchObject([{ state: 'finished' }]);
    expect(await chatter.messages(stream.conversationId)).toMatchObject(whole);

    await redis.restore();
    await redisIsBack();
    await sweep();
    await chatter.expectTurn(stream, { turn: { status: 'complete' }, cost: COST, messages: whole });
    expect(await turns.keysOf(stream.conversationId)).toEqual([]);
  });

  it('that Redis has taken without a word keeps its place behind those that wait', async () => {
    const stream = await chatter.stream('Hello', 'fake');
    await stream.until('Hi');
    const started_at = new Date(Date.now() - 60_000).toISOString();
    const earlier = await turns.finishedTurn(stream.conversationId, { started_at });
    const { store } = turns;
    const finish = store.finish.bind(store);
    store.finish = async (turn) => {
      store.finish = finish;
      await finish(turn);
      throw new RedisAwayError(new Error('Command timed out'));
    };
    goOn();
    await stream.rest();
    await saveAllTurns(test);
    expect(await turns.savedOrder(stream.conversationId)).toEqual([
      earlier.id,
      earlier.id,
      stream.turnId,
      stream.turnId,
    ]);
  });

  it('that finishes while MySQL is away ends when MySQL is back, complete and charged', async () => {
    const stream = await chatter.stream('Hello', 'fake');
    await stream.until('Hi');
    const accounting = test.app.get(TurnAccounting, { strict: false });
    const attempts: unknown[] = [];
    const close = accounting.close.bind(accounting);
    accounting.close = (...request) => {
      attempts.push(request);
      return close(...request);
    };
    await mysql.cut();
    goOn();
    await stream.until('there');
    await waitUntil('an attempt to charge it', () => attempts.length > 0);
    await mysql.restore();
    expect((await stream.rest()).at(-1)).toBe('[DONE]');
    await allEnded();
    await chatter.expectTurn(stream, { turn: { status: 'complete' }, cost: COST, messages: whole });
  });
});

describe('an API process', () => {
  it('refuses turns beyond those it may run at once', async () => {
    const test = await createTestApp({
      LOCKKEEPER_CHAT_MAX_RUNNING_TURNS: '1',
      LOCKKEEPER_SHUTDOWN_TIMEOUT_MS: '0',
    });
    await test.app.listen(0, '127.0.0.1');
    const chatter = await TestChatter.create(test);
    const stream = await chatter.stream('Hello', 'local:tokens=1000,delay_ms=5');
    await stream.until('w1');
    expect(await chatter.say('Hello')).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      body: { error: { code: 'too_many_running_turns' } },
    });
    stream.leave();
    await test.close();
  });

  it('that stops ends its turns as interrupted and keeps and charges what was answered', async () => {
    const database = await createTestDatabase();
    const settings = {
      LOCKKEEPER_DATABASE_URL: database.url,
      LOCKKEEPER_REDIS_URL: await createTestRedis(),
      LOCKKEEPER_SHUTDOWN_TIMEOUT_MS: '100',
    };
    const stopping = await createTestApp(settings);
    await stopping.app.listen(0, '127.0.0.1');
    const before = await TestChatter.create(stopping);
    const stream = await before.stream('Hello', 'local:tokens=100000,delay_ms=2,no_usage');
    await stream.until('w3');
    await stopping.close();

    const test = await createTestApp(settings);
    const chatter = before.at(test);
    const [, answer] = await chatter.messages(stream.conversationId);
    expect(answer).toMatchObject({ status: 'interrupted', content: expect.stringMatching(/^w1 w2 w3/) });
    const { account, holds } = await chatter.books();
    expect(account.frozen).toBe(0n);
    expect(holds[0]?.settledAmount).toBeGreaterThan(8n);
    await chatter.expectTurn(stream, {
      turn: { status: 'interrupted', error_code: 'turn_interrupted' },
      cost: holds[0]?.settledAmount ?? 0n,
      messages: [{ content: 'Hello' }, { status: 'interrupted' }],
    });
    await test.close();
    await database.drop();
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CoinAccountService } from '../../src/modules/coin-account/index.js';
import { TurnRunner } from '../../src/modules/chat/turn-runner.service.js';
import { countTokens } from '../../src/modules/provider/index.js';
import { answering, FakeUpstream, refusing, type UpstreamCall } from '../fakes/openai-upstream.js';
import { TestChatter } from '../factories/chat.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { waitUntil } from '../factories/wait.js';

const INPUT_PRICE = 3n;
const OUTPUT_PRICE = 7n;
const PENALTY = 2_500_000n;
const MODELS = JSON.stringify([
  { id: 'fake', input_price: String(INPUT_PRICE), output_price: String(OUTPUT_PRICE) },
]);
/** What the chat format makes of `Hello`: one token for the word, seven around it. */
const PROMPT_TOKENS = 8;

const hello = { role: 'user', content: 'Hello', status: 'complete' };

/** In micro-coins: a price of n coins for a million tokens is n micro-coins for each. */
function costOf(promptTokens: number, completionTokens: number): bigint {
  return INPUT_PRICE * BigInt(promptTokens) + OUTPUT_PRICE * BigInt(completionTokens);
}

/** Something that a test lets happen. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

async function answerInTwoParts(call: UpstreamCall, middle: Promise<void>) {
  call.begin();
  await call.sendTexts('Hi');
  await middle;
  await call.sendTexts(' there');
  await call.sendDelta({}, 'stop');
  await call.sendUsage(10, 2);
  call.end();
}

describe('a turn', () => {
  let upstream: FakeUpstream;
  let test: TestApp;
  let runner: TurnRunner;
  let chatter: TestChatter;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    test = await createTestApp({
      LOCKKEEPER_UPSTREAM_URL: upstream.url,
      LOCKKEEPER_UPSTREAM_ATTEMPTS: '1',
      LOCKKEEPER_MODELS: MODELS,
      LOCKKEEPER_CHAT_VIOLATION_PENALTY: '2.5',
      LOCKKEEPER_CHAT_TURN_TIMEOUT_MS: '1500',
    });
    await test.app.listen(0, '127.0.0.1');
    runner = test.app.get(TurnRunner, { strict: false });
  });
  beforeEach(async () => {
    chatter = await TestChatter.create(test);
  });
  afterAll(async () => {
    await test.close();
    await upstream.close();
  });

  const allEnded = () => waitUntil('the end of all turns', () => runner.count === 0);

  describe('that is complete', () => {
    const completeTurn = { status: 'complete', finish_reason: 'stop', error_code: null } as const;

    it('is saved and pays what the provider counted', async () => {
      upstream.follow(answering(['Hi', ' there'], { usage: [100, 40] }));
      const answer = await chatter.say('Hello', 'fake');
      expect(answer.body).toMatchObject({
        id: `chatcmpl-${answer.turnId}`,
        object: 'chat.completion',
        model: 'fake',
        choices: [{ index: 0, message: { role: 'assistant', content: 'Hi there' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 100, completion_tokens: 40, total_tokens: 140 },
      });
      await chatter.expectTurn(answer, {
        turn: { ...completeTurn, prompt_tokens: 100, completion_tokens: 40, usage_source: 'provider' },
        cost: costOf(100, 40),
        messages: [hello, { role: 'assistant', content: 'Hi there', status: 'complete', tokens: 40 }],
      });
    });

    it('is counted by the tokenizer if the provider sent no count', async () => {
      upstream.follow(answering(['Hi', ' there'], { usage: null }));
      const answer = await chatter.say('Hello', 'fake');
      const tokens = await countTokens('Hi there');
      expect(answer.body.usage).toMatchObject({ prompt_tokens: PROMPT_TOKENS, completion_tokens: tokens });
      await chatter.expectTurn(answer, {
        turn: { ...completeTurn, usage_source: 'tokenizer', completion_tokens: tokens },
        cost: costOf(PROMPT_TOKENS, tokens),
        messages: [hello, { content: 'Hi there' }],
      });
    });

    it('owes what it cost beyond all that there was', async () => {
      const poor = await TestChatter.create(test, '0.000200');
      upstream.follow(answering(['Hi'], { usage: [100, 40] }));
      const answer = await poor.say('Hello', 'fake', undefined, { max_tokens: 10 });
      await poor.expectTurn(answer, {
        turn: completeTurn,
        cost: costOf(100, 40),
        messages: [hello, { content: 'Hi' }],
      });
      expect((await poor.books()).account).toMatchObject({ balance: 0n, debt: costOf(100, 40) - 200n });
    });

    it('stores tool calls, put together, and gives them back as they came', async () => {
      const calls = [{ id: 'call_1', type: 'function', function: { name: 'add', arguments: '{"a":1}' } }];
      upstream.follow(async (call) => {
        call.begin();
        await call.sendDelta({ tool_calls: [{ index: 0, id: 'call_1', function: { name: 'add' } }] });
        await call.sendDelta({ tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] });
        await call.sendDelta({}, 'tool_calls');
        await call.sendUsage(9, 5);
        call.end();
      });
      const answer = await chatter.say('Hello', 'fake');
      expect(answer.body.choices[0]).toMatchObject({
        message: { content: null, tool_calls: calls },
        finish_reason: 'tool_calls',
      });
      await chatter.expectTurn(answer, {
        turn: { status: 'complete', finish_reason: 'tool_calls' },
        cost: costOf(9, 5),
        messages: [hello, { content: '', extra: { tool_calls: calls } }],
      });
    });
  });

  describe('whose client goes away', () => {
    const whole = {
      turn: { status: 'complete', completion_tokens: 2 } as const,
      cost: costOf(10, 2),
      messages: [hello, { content: 'Hi there', status: 'complete' }],
    };

    it('runs on to its end in the middle of a stream', async () => {
      const middle = gate();
      upstream.follow((call) => answerInTwoParts(call, middle.opened));
      const stream = await chatter.stream('Hello', 'fake');
      await stream.until('Hi');
      stream.leave();
      middle.open();
      await allEnded();
      await chatter.expectTurn(stream, whole);
    });

    it('runs on to its end before anything was streamed', async () => {
      const middle = gate();
      const abort = new AbortController();
      upstream.follow(async (call) => {
        abort.abort();
        await answerInTwoParts(call, middle.opened);
      });
      const body = { model: 'fake', stream: true, messages: [{ role: 'user', content: 'Hello' }] };
      const request = fetch(`${await test.app.getUrl()}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...chatter.headers },
        body: JSON.stringify(body),
        signal: abort.signal,
      });
      await expect(request).rejects.toThrow(/abort/);
      middle.open();
      await allEnded();
      const { items } = await chatter.get<{ items: { id: string }[] }>('/api/conversations');
      const { holds } = await chatter.books();
      await chatter.expectTurn({ conversationId: items[0]?.id ?? '', turnId: holds[0]?.id ?? '' }, whole);
    });
  });

  describe('whose provider fails', () => {
    it.each([{ stream: false }, { stream: true }])(
      'before the first token gives everything back and answers 502 (%o)',
      async (options) => {
        upstream.follow(refusing(500));
        const answer = await chatter.say('Hello', 'fake', undefined, options);
        expect(answer.status).toBe(502);
        expect(answer.headers).toMatchObject({ 'x-should-retry': 'false' });
        expect(answer.body.error).toMatchObject({ type: 'server_error', code: 'provider_failed' });
        await chatter.expectTurn(answer, {
          turn: { status: 'failed', error_code: 'provider_failed', usage_source: 'none', prompt_tokens: 0 },
          cost: 0n,
          messages: [hello],
        });
      },
    );

    it('after some tokens keeps them, charges for them, and says so in the stream', async () => {
      upstream.follow(async (call) => {
        call.begin();
        await call.sendTexts('Hi', ' there');
        call.reset();
      });
      const stream = await chatter.stream('Hello', 'fake');
      const frames = await stream.rest();
      expect(JSON.parse(frames.at(-1) ?? '')).toMatchObject({
        error: { type: 'server_error', code: 'provider_failed', message: expect.any(String) },
      });
      expect(frames).not.toContain('[DONE]');
      const tokens = await countTokens('Hi there');
      await chatter.expectTurn(stream, {
        turn: { status: 'failed', error_code: 'provider_failed', completion_tokens: tokens },
        cost: costOf(PROMPT_TOKENS, tokens),
        messages: [hello, { role: 'assistant', content: 'Hi there', status: 'failed' }],
      });
    });

    it('by taking more time than a turn may is ended with what there is', async () => {
      upstream.follow(async (call) => {
        call.begin();
        await call.sendTexts('Hi');
      });
      const answer = await chatter.say('Hello', 'fake');
      expect(answer).toMatchObject({ status: 504, body: { error: { code: 'turn_timed_out' } } });
      await upstream.calls[0]?.closed;
      await chatter.expectTurn(answer, {
        turn: { status: 'failed', error_code: 'turn_timed_out' },
        cost: costOf(PROMPT_TOKENS, 1),
        messages: [hello, { content: 'Hi', status: 'failed' }],
      });
    });
  });

  describe('that violates the provider’s rules', () => {
    const violation = {
      turn: { status: 'violation', finish_reason: 'content_filter', completion_tokens: 2 } as const,
      cost: 0n,
      messages: [hello, { role: 'assistant', content: '', status: 'violation', extra: null }],
    };
    beforeEach(() => upstream.follow(answering(['Bad', ' words'], { finishReason: 'content_filter' })));

    it('has its answer withheld, its hold given back and the penalty charged in one step', async () => {
      const answer = await chatter.say('Hello', 'fake');
      expect(answer.body.choices).toMatchObject([
        { message: { content: null }, finish_reason: 'content_filter' },
      ]);
      await chatter.expectTurn(answer, violation);
      const { account, journal } = await chatter.books();
      expect(account).toMatchObject({ balance: 10_000_000n - PENALTY, debt: 0n });
      const [release, penalty] = journal.slice(-2);
      expect(release).toMatchObject({ kind: 'release', holdId: answer.turnId });
      expect(penalty).toMatchObject({ kind: 'penalty', reference: answer.turnId, balanceDelta: -PENALTY });
      expect(penalty?.createdAt).toEqual(release?.createdAt);
    });

    it('owes the part of the penalty that was not there, and may not go on', async () => {
      const poor = await TestChatter.create(test, '1');
      const answer = await poor.say('Hello', 'fake');
      await poor.expectTurn(answer, violation);
      expect((await poor.books()).account).toMatchObject({ balance: 0n, debt: PENALTY - 1_000_000n });
      const next = await poor.say('Hello', 'fake');
      expect(next).toMatchObject({ status: 402, body: { error: { code: 'insufficient_quota' } } });
      await test.app.get(CoinAccountService).grantCoins({
        accountId: poor.user.id,
        amount: PENALTY,
        reason: 'purchase',
        actor: 'operator',
        idempotencyKey: 'pays',
      });
      upstream.follow(answering(['Hi'], { usage: [10, 1] }));
      await poor.expectTurn(await poor.say('Hello', 'fake'), {
        turn: { status: 'complete' },
        cost: costOf(10, 1),
        messages: [hello, { content: 'Hi' }],
      });
    });

    it('says so at the end of the stream', async () => {
      const stream = await chatter.stream('Hello', 'fake');
      const frames = await stream.rest();
      expect(frames.at(-1)).toBe('[DONE]');
      expect(JSON.parse(frames.at(-2) ?? '')).toMatchObject({
        choices: [{ delta: {}, finish_reason: 'content_filter' }],
      });
      await chatter.expectTurn(stream, violation);
    });
  });
});

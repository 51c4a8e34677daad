import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { randomUUID } from 'node:crypto';
import {
  generateText,
  isStepCount,
  jsonSchema,
  lastAssistantMessageIsCompleteWithToolCalls,
  streamText,
  tool,
} from 'ai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryChat } from '../factories/memory-chat.js';
import { createProduct, type Product } from '../factories/product.js';
import { Administrator } from '../factories/product-users.js';
import { openDatabase } from '../factories/test-database.js';
import { waitUntil } from '../factories/wait.js';
import { answering, FakeUpstream, type Script } from '../fakes/openai-upstream.js';

type Database = Awaited<ReturnType<typeof openDatabase>>;

const models = [
  { id: 'up', input_price: '1', output_price: '2', max_output_tokens: 1_000, context_tokens: 100_000 },
];
const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } };

/** Asks for the weather in pieces, as OpenAI does. */
const callsTool: Script = async (upstream) => {
  upstream.begin();
  await upstream.sendTexts('Let me see. ');
  await upstream.sendDelta({
    tool_calls: [{ index: 0, ...call, function: { ...call.function, arguments: '' } }],
  });
  for (const part of ['{"city"', ':"Bern"}'])
    await upstream.sendDelta({ tool_calls: [{ index: 0, function: { arguments: part } }] });
  await upstream.sendDelta({}, 'tool_calls');
  await upstream.sendUsage(9, 9);
  await upstream.send('[DONE]');
  upstream.end();
};

describe('the AI SDK against our API', () => {
  let product: Product;
  let database: Database;
  let upstream: FakeUpstream;
  let administrator: Administrator;
  let url: string;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    product = await createProduct({
      LOCKKEEPER_UPSTREAM_URL: upstream.url,
      LOCKKEEPER_MODELS: JSON.stringify(models),
      LOCKKEEPER_LOCAL_MODEL: 'on',
    });
    database = await openDatabase(product.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
    ({ url } = await product.startApi());
    await product.startWorker();
    administrator = await Administrator.of(product, url);
  });
  afterAll(async () => {
    await database[Symbol.asyncDispose]();
    await product.dispose();
    await upstream.close();
  });

  async function savedTurns(userId: string, count: number) {
    return waitUntil(`${count} saved turns`, async () => {
      const rows = await database.single.query<
        { status: string; prompt_tokens: number; completion_tokens: number }[]
      >('SELECT * FROM turns WHERE owner_id = ? ORDER BY id', [userId]);
      return rows.length >= count && rows;
    });
  }

  describe('@ai-sdk/openai-compatible', () => {
    async function newProvider(coins = '10') {
      const user = await administrator.createUser(coins);
      const options = { name: 'lockkeeper', baseURL: `${url}/v1`, apiKey: user.apiKey, includeUsage: true };
      return { user, provider: createOpenAICompatible(options) };
    }

    it('streams a text with its usage', async () => {
      const { user, provider } = await newProvider();
      upstream.follow(answering(['Good ', 'day'], { usage: [7, 2] }));
      const result = streamText({ model: provider('up'), prompt: 'Hello' });
      let text = '';
      for await (const delta of result.textStream) text += delta;
      expect(text).toBe('Good day');
      expect(await result.finishReason).toBe('stop');
      expect(await result.usage).toMatchObject({ inputTokens: 7, outputTokens: 2, totalTokens: 9 });
      expect(await savedTurns(user.id, 1)).toMatchObject([
        { status: 'complete', prompt_tokens: 7, completion_tokens: 2 },
      ]);
    });

    it('generates a text over several steps with tools', async () => {
      const { user, provider } = await newProvider();
      upstream.follow(callsTool, answering(['Sunny.'], { usage: [7, 2] }));
      const weather = tool({
        inputSchema: jsonSchema<{ city: string }>({
          type: 'object',
          properties: { city: { type: 'string' } },
        }),
        execute: ({ city }) => Promise.resolve(`sun over ${city}`),
      });
      const result = await generateText({
        model: provider('up'),
        prompt: 'How is it?',
        tools: { weather },
        stopWhen: isStepCount(3),
      });
      expect(result.text).toBe('Sunny.');
      expect(result.usage).toMatchObject({ inputTokens: 16, outputTokens: 11 });
      expect(upstream.calls[1]?.body['messages']).toMatchObject([
        { role: 'user', content: 'How is it?' },
        { role: 'assistant', tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_1', content: 'sun over Bern' },
      ]);
      await savedTurns(user.id, 2);
    });

    it('is told of an error before the first token, and of one in the middle', async () => {
      const { user, provider } = await newProvider();
      const early = generateText({ model: provider('local:fail_after=0'), prompt: 'Hello', maxRetries: 0 });
      await expect(early).rejects.toMatchObject({ statusCode: 502 });
      const late = streamText({
        model: provider('local:tokens=9,fail_after=4'),
        prompt: 'Hello',
        onError: () => {},
      });
      const parts = [];
      for await (const part of late.fullStream) parts.push(part);
      const text = parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('');
      expect(text).toBe('w1 w2 w3 w4');
      const error = parts.find((part) => part.type === 'error');
      expect(JSON.stringify(error)).toContain('fails as it was told');
      expect(await savedTurns(user.id, 2)).toMatchObject([{ status: 'failed' }, { status: 'failed' }]);
    });

    it('may abort: the turn runs to its end', async () => {
      const { user, provider } = await newProvider();
      const abort = new AbortController();
      const result = streamText({
        model: provider('local:tokens=30,delay_ms=10'),
        prompt: 'Hello',
        abortSignal: abort.signal,
      });
      const types = [];
      for await (const part of result.fullStream) {
        types.push(part.type);
        if (part.type === 'text-delta') abort.abort();
      }
      expect(types.at(-1)).toBe('abort');
      expect(await savedTurns(user.id, 1)).toMatchObject([{ status: 'complete', completion_tokens: 30 }]);
    });
  });

  describe('useChat', () => {
    async function newChat(init: Partial<ConstructorParameters<typeof MemoryChat>[2]> = {}, coins = '10') {
      const user = await administrator.createUser(coins);
      return { user, chat: new MemoryChat(url, user.apiKey, { id: `chat ${randomUUID()}`, ...init }) };
    }

    it('streams an answer in, and goes on with the stored history', async () => {
      const { user, chat } = await newChat();
      upstream.follow(answering(['Good ', 'day']), answering(['Bye']));
      await chat.sendMessage({ text: 'Hello' });
      expect(chat.status).toBe('ready');
      expect(chat.lines).toEqual(['user: Hello', 'assistant: Good day']);
      // What the client makes of the past does not count.
      chat.messages[1]?.parts.splice(0);
      await chat.sendMessage({ text: 'Go now' });
      expect(chat.lines.at(-1)).toBe('assistant: Bye');
      expect(upstream.calls[1]?.body['messages']).toEqual([
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'Good day' },
        { role: 'user', content: 'Go now' },
      ]);
      expect(await savedTurns(user.id, 2)).toMatchObject([{ status: 'complete' }, { status: 'complete' }]);
    });

    it('has after a reload what it had before, and nothing to resume', async () => {
      const { chat } = await newChat();
      upstream.follow(answering(['Good ', 'day']));
      await chat.sendMessage({ text: 'Hello' });
      const reloaded = await chat.reload();
      expect(reloaded.lines).toEqual(chat.lines);
      expect(reloaded.messages[1]?.id).toBe(chat.messages[1]?.id);
      await reloaded.resumeStream();
      expect(reloaded.status).toBe('ready');
      expect(reloaded.lines).toEqual(chat.lines);
    });

    it('shows after a reload in the middle the question, and the whole answer once', async () => {
      const { chat } = await newChat();
      const { promise: isResumed, resolve: resume } = Promise.withResolvers<void>();
      upstream.follow(async (running) => {
        running.begin();
        await running.sendTexts('Once ', 'upon ');
        await isResumed;
        await running.sendTexts('a time');
        await running.sendDelta({}, 'stop');
        await running.send('[DONE]');
        running.end();
      });
      const sending = chat.sendMessage({ text: 'Tell' });
      await chat.untilShown('upon');
      const reloaded = await chat.reload();
      expect(reloaded.lines).toEqual(['user: Tell']);
      const resuming = reloaded.resumeStream();
      await reloaded.untilShown('Once upon ');
      const again = chat.copy();
      const resumingAgain = again.resumeStream();
      // What it shows it had already: that it follows, its status tells.
      await waitUntil('it follows', () => again.status === 'streaming');
      resume();
      await Promise.all([sending, resuming, resumingAgain]);
      const whole = ['user: Tell', 'assistant: Once upon a time'];
      expect([chat.lines, reloaded.lines, again.lines]).toEqual([whole, whole, whole]);
      expect(reloaded.messages[1]?.id).toBe(chat.messages[1]?.id);
    });

    it('shows why a turn was refused or failed, and sends a refused message anew', async () => {
      const { user, chat } = await newChat({}, '0');
      upstream.follow(answering(['Good day']));
      await chat.sendMessage({ text: 'Hello' });
      expect(chat.error?.message).toContain('insufficient_coins');
      expect((await chat.reload()).messages).toEqual([]);
      await administrator.grantCoins(user.id, '10');
      await chat.regenerate();
      expect(chat.lines).toEqual(['user: Hello', 'assistant: Good day']);
      await chat.sendMessage({ text: 'On' }, { body: { model: 'local:tokens=9,fail_after=2' } });
      expect(chat.status).toBe('error');
      expect(chat.error?.message).toContain('fails as it was told');
      expect(chat.lines.at(-1)).toBe('assistant: w1 w2');
      await chat.regenerate({ body: { model: 'local:tokens=2' } });
      expect(chat.error).toBeUndefined();
      expect(chat.lines.slice(-2)).toEqual(['user: On', 'assistant: w1 w2']);
      expect((await chat.reload()).lines.slice(-2)).toEqual(['user: On', 'assistant: w1 w2']);
    });

    it('runs tools in the client and gives their results to the model, in one message', async () => {
      const { chat } = await newChat({
        onToolCall: ({ toolCall }) => {
          const { toolName, toolCallId } = toolCall;
          void chat.addToolOutput({ tool: toolName, toolCallId, output: { sky: 'blue' } });
        },
        sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls,
        body: { tools: [{ type: 'function', function: { name: 'weather', parameters: {} } }] },
      });
      upstream.follow(callsTool, answering(['Sunny.']), answering(['Welcome.']));
      await chat.sendMessage({ text: 'How is it?' });
      const types = ['step-start', 'text', 'tool-weather', 'step-start', 'text'];
      await waitUntil(
        'the answer after the tool',
        () => chat.lines.at(-1)?.endsWith('Sunny.') && chat.status === 'ready',
      );
      expect(chat.messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
      expect(chat.messages[1]?.parts.map(({ type }) => type)).toEqual(types);
      expect(chat.messages[1]?.parts[2]).toMatchObject({
        state: 'output-available',
        input: { city: 'Bern' },
      });
      await chat.sendMessage({ text: 'Thanks' });
      expect(upstream.calls).toHaveLength(3);
      expect(upstream.calls[2]?.body['messages']).toEqual([
        { role: 'user', content: 'How is it?' },
        { role: 'assistant', content: 'Let me see. ', tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_1', content: '{"sky":"blue"}' },
        { role: 'assistant', content: 'Sunny.' },
        { role: 'user', content: 'Thanks' },
      ]);
      expect((await chat.reload()).messages[1]?.parts[1]).toMatchObject({
        type: 'tool-weather',
        state: 'output-available',
        input: { city: 'Bern' },
        output: { sky: 'blue' },
      });
    });
  });
});

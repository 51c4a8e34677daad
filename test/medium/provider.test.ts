import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ProviderEvent,
  type ProviderRequest,
  ProviderModule,
  ProviderService,
  providerConfig,
} from '../../src/modules/provider/index.js';
import { appEnvironmentConfig, ConfigModule, loadConfig } from '../../src/platform/config/index.js';
import { createUnansweringServer } from '../fakes/unanswering-server.js';
import { answering, FakeUpstream, refusing, type Script } from '../fakes/openai-upstream.js';

const MODELS = JSON.stringify([
  { id: 'public', upstream_id: 'inner', input_price: '1.5', output_price: '6', max_output_tokens: 100 },
  { id: 'plain', input_price: '0', output_price: '0', output_limit_field: 'max_completion_tokens' },
]);

const definitions = [appEnvironmentConfig, providerConfig];

function configure(settings: Record<string, string>) {
  return loadConfig({ LOCKKEEPER_MODELS: MODELS, ...settings }, definitions);
}

/** The provider module alone, with a configuration of its own. */
async function createProvider(settings: Record<string, string>): Promise<INestApplicationContext> {
  const imports = [ConfigModule.forRoot(configure(settings), definitions), ProviderModule];
  const root = { module: class TestRootModule {}, imports };
  return NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
}

async function providerWith(settings: Record<string, string>): Promise<ProviderService> {
  return (await createProvider(settings)).get(ProviderService);
}

const hello: ProviderRequest = {
  messages: [{ role: 'user', content: 'Hello' }],
  maxOutputTokens: 50,
  options: {},
};

const never = () => new AbortController().signal;

function textOfEvents(events: readonly ProviderEvent[]): string {
  return events.map((event) => (event.type === 'text' ? event.text : '')).join('');
}

describe('an OpenAI-compatible provider', () => {
  let upstream: FakeUpstream;
  let app: INestApplicationContext;
  let provider: ProviderService;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    app = await createProvider({
      LOCKKEEPER_UPSTREAM_URL: `${upstream.url}/`,
      LOCKKEEPER_UPSTREAM_API_KEY: 'upstream-key',
      LOCKKEEPER_UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: '2000',
      LOCKKEEPER_UPSTREAM_IDLE_TIMEOUT_MS: '800',
    });
    provider = app.get(ProviderService);
  });
  afterAll(async () => {
    await app.close();
    await upstream.close();
  });

  /** Asks the model and collects what comes: the events, and the error that ended them. */
  async function ask(modelId = 'public', request = hello, signal = never()) {
    const events: ProviderEvent[] = [];
    try {
      for await (const event of provider.stream(provider.getModel(modelId), request, signal))
        events.push(event);
      return { events, text: textOfEvents(events), error: undefined };
    } catch (error) {
      return { events, text: textOfEvents(events), error };
    }
  }

  describe('asks', () => {
    it('by the name of the model there, for a counted stream, with its credentials', async () => {
      upstream.follow(answering(['Hi']));
      await ask('public', { ...hello, options: { temperature: 0.5, stop: ['x'] } });
      const [call] = upstream.calls;
      expect(call?.path).toBe('/v1/chat/completions');
      expect(call?.headers).toMatchObject({
        authorization: 'Bearer upstream-key',
        'content-type': 'application/json',
      });
      expect(call?.body).toEqual({
        model: 'inner',
        messages: hello.messages,
        max_tokens: 50,
        stream: true,
        stream_options: { include_usage: true },
        temperature: 0.5,
        stop: ['x'],
      });
    });

    it('with the field for the limit that the model wants', async () => {
      upstream.follow(answering(['Hi']));
      await ask('plain');
      expect(upstream.calls[0]?.body).toMatchObject({ model: 'plain', max_completion_tokens: 50 });
      expect(upstream.calls[0]?.body).not.toHaveProperty('max_tokens');
    });

    it('over connections that it opened before', async () => {
      upstream.follow(answering(['Hi']));
      for (let call = 0; call < 8; call++) await ask();
      expect(new Set(upstream.calls.map((call) => call.socket)).size).toBeLessThan(4);
    });
  });

  describe('reads', () => {
    it('text, the reason of the end, and the count', async () => {
      upstream.follow(answering(['One', ' two'], { usage: [11, 2], finishReason: 'length' }));
      expect((await ask()).events).toEqual([
        { type: 'text', text: 'One' },
        { type: 'text', text: ' two' },
        { type: 'finish', reason: 'length' },
        { type: 'usage', usage: { promptTokens: 11, completionTokens: 2 } },
      ]);
    });

    it('a stream that ends without [DONE] or without a count', async () => {
      upstream.follow(answering(['Hi'], { done: false, usage: null }));
      expect(await ask()).toMatchObject({ text: 'Hi', error: undefined });
    });

    it('line ends of Windows, comments, other events, and characters cut in two', async () => {
      const bytes = Buffer.from('data: {"choices":[{"delta":{"content":"算力🚀"}}]}\r\n\r\n');
      const cut = bytes.indexOf(Buffer.from('🚀')) + 2;
      upstream.follow(async (call) => {
        call.begin();
        await call.write(': waiting\r\n\r\nevent: ping\r\n\r\nid: 1\r\nretry: 5\r\n');
        await call.write(bytes.subarray(0, cut));
        await call.write(bytes.subarray(cut));
        await call.write('data:{"choices":[{"delta":{},"finish_reason":"stop"}]}\r\n\r\ndata:[DONE]\r\n\r\n');
        call.end();
      });
      expect(await ask()).toMatchObject({ text: '算力🚀', error: undefined });
    });

    it('tool calls that come in pieces', async () => {
      const start = { index: 0, id: 'call_1', type: 'function', function: { name: 'add', arguments: '' } };
      upstream.follow(async (call) => {
        call.begin();
        await call.sendDelta({ role: 'assistant', content: null, tool_calls: [start] });
        await call.sendDelta({ tool_calls: [{ index: 0, function: { arguments: '{"a":' } }] });
        await call.sendDelta({ tool_calls: [{ index: 0, function: { arguments: '1}' } }] });
        await call.sendDelta({}, 'tool_calls');
        await call.send('[DONE]');
        call.end();
      });
      const { events } = await ask();
      expect(events).toMatchObject([
        { type: 'tool_calls', deltas: [start] },
        { type: 'tool_calls', deltas: [{ index: 0, function: { arguments: '{"a":' } }] },
        { type: 'tool_calls', deltas: [{ index: 0, function: { arguments: '1}' } }] },
        { type: 'finish', reason: 'tool_calls' },
      ]);
    });

    it('an answer whose count is unusable as one without a count', async () => {
      upstream.follow(async (call) => {
        call.begin();
        await call.sendTexts('Hi');
        await call.sendDelta({}, 'stop');
        await call.send({ choices: [], usage: { prompt_tokens: 1e15, completion_tokens: -1 } });
        await call.send('[DONE]');
        call.end();
      });
      const { events, error } = await ask();
      expect(error).toBeUndefined();
      expect(events.map((event) => event.type)).toEqual(['text', 'finish']);
    });

    it('a strange reason of the end as a plain one', async () => {
      upstream.follow(answering(['Hi'], { finishReason: '终止' }));
      expect((await ask()).events).toContainEqual({ type: 'finish', reason: 'stop' });
    });
  });

  describe('tries again', () => {
    const passing: [string, Script][] = [
      ['500', refusing(500)],
      ['503', refusing(503)],
      ['408', refusing(408)],
      ['429', refusing(429)],
      ['a reset before the head', (call) => call.reset()],
      [
        'a reset after the head',
        async (call) => {
          call.begin();
          await call.write(': wait\n\n');
          call.reset();
        },
      ],
      [
        'an error before the first token',
        async (call) => {
          call.begin();
          await call.send({ error: { message: 'overloaded' } });
          call.end();
        },
      ],
      ['no head in time', () => undefined],
      ['no token in time', (call) => call.begin()],
    ];

    it.each(passing)('after %s', async (_what, script) => {
      upstream.follow(script, answering(['Hi']));
      expect(await ask()).toMatchObject({ text: 'Hi', error: undefined });
      expect(upstream.calls).toHaveLength(2);
    });

    it('as often as configured and no more', async () => {
      upstream.follow(refusing(500, 'a secret of theirs'));
      const { error } = await ask();
      expect(upstream.calls).toHaveLength(3);
      expect(error).toMatchObject({ code: 'provider_failed', kind: 'upstream' });
      expect(String(error)).not.toContain('secret');
    });

    it('not once a token has come', async () => {
      upstream.follow(async (call) => {
        call.begin();
        await call.sendTexts('One');
        call.reset();
      });
      expect(await ask()).toMatchObject({ text: 'One', error: { code: 'provider_failed' } });
      expect(upstream.calls).toHaveLength(1);
    });

    it('not while the caller has gone', async () => {
      const gone = new AbortController();
      upstream.follow((call) => {
        gone.abort(new Error('gone'));
        call.reset();
      });
      expect((await ask('public', hello, gone.signal)).error).toMatchObject({ message: 'gone' });
      expect(upstream.calls).toHaveLength(1);
    });
  });

  describe('gives up at once', () => {
    it.each([
      [401, 'provider_rejects_credentials', 'upstream'],
      [402, 'provider_rejects_credentials', 'upstream'],
      [403, 'provider_rejects_credentials', 'upstream'],
      [400, 'provider_refused', 'malformed'],
      [404, 'provider_refused', 'malformed'],
    ])('after %i', async (status, code, kind) => {
      upstream.follow(refusing(status, 'the words of the provider'));
      const { error } = await ask();
      expect(error).toMatchObject({ code, kind });
      // What is wrong with our account is nothing for the caller's eyes.
      expect(String(error).includes('the words of the provider')).toBe(kind === 'malformed');
      expect(upstream.calls).toHaveLength(1);
    });
  });

  it('passes on when a provider that is busy wants to be asked again', async () => {
    const oneTry = await providerWith({
      LOCKKEEPER_UPSTREAM_URL: upstream.url,
      LOCKKEEPER_UPSTREAM_ATTEMPTS: '1',
    });
    upstream.follow(refusing(429, 'slow down', { 'retry-after': '17' }));
    const events = oneTry.stream(oneTry.getModel('public'), hello, never());
    await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'provider_overloaded',
      kind: 'unavailable',
      retryAfterSeconds: 17,
    });
  });

  describe('fails with what came', () => {
    const broken: [string, Script, string][] = [
      ['the connection ends', (call) => call.end(), 'provider_failed'],
      ['the connection is reset', (call) => call.reset(), 'provider_failed'],
      ['a line is no JSON', (call) => call.send('{"choices": [{'), 'provider_failed'],
      ['a line is something else', (call) => call.send({ choices: 'none' }), 'provider_failed'],
      ['an error comes', (call) => call.send({ error: { message: 'overloaded' } }), 'provider_failed'],
      ['nothing more comes', () => undefined, 'provider_timed_out'],
      ['only comments come', (call) => call.ping(20), 'provider_timed_out'],
    ];

    it.each(broken)('when %s', async (_what, script, code) => {
      upstream.follow(async (call) => {
        call.begin();
        await call.sendTexts('One', ' two');
        await script(call);
      });
      expect(await ask()).toMatchObject({ text: 'One two', error: { code } });
      await upstream.calls[0]?.closed;
    });
  });

  it('allows the first token its longer time, though an empty piece came before', async () => {
    upstream.follow(async (call) => {
      call.begin();
      await call.sendDelta({ role: 'assistant', content: '' });
      await call.pause(250);
      await call.sendTexts('Hi');
      await call.sendDelta({}, 'stop');
      call.end();
    });
    expect(await ask()).toMatchObject({ text: 'Hi', error: undefined });
    expect(upstream.calls).toHaveLength(1);
  });

  it('does not wait for the end of an error page that never ends', async () => {
    upstream.follow(async (call) => {
      call.begin(400);
      await call.write('<html>');
    });
    expect((await ask()).error).toMatchObject({ code: 'provider_refused' });
    await upstream.calls[0]?.closed;
  });

  it('lets the connection go when the caller aborts, with the reason of the caller', async () => {
    const abort = new AbortController();
    upstream.follow(async (call) => {
      call.begin();
      await call.sendTexts('One');
    });
    const events = provider.stream(provider.getModel('public'), hello, abort.signal)[Symbol.asyncIterator]();
    expect(await events.next()).toMatchObject({ value: { text: 'One' } });
    const next = events.next();
    abort.abort(new Error('stopped'));
    await expect(next).rejects.toThrow('stopped');
    await upstream.calls[0]?.closed;
    expect(upstream.calls[0]?.isAbandoned).toBe(true);
  });

  it('lets the connection go when the reader stops early', async () => {
    upstream.follow(async (call) => {
      call.begin();
      await call.sendTexts('One', ' two');
    });
    for await (const event of provider.stream(provider.getModel('public'), hello, never())) {
      expect(event).toEqual({ type: 'text', text: 'One' });
      break;
    }
    await upstream.calls[0]?.closed;
    expect(upstream.calls[0]?.isAbandoned).toBe(true);
  });

  it('gives up a connection that does not open in time', async () => {
    await using silent = await createUnansweringServer();
    const unreachable = await providerWith({
      LOCKKEEPER_UPSTREAM_URL: silent.url,
      LOCKKEEPER_UPSTREAM_CONNECT_TIMEOUT_MS: '500',
      LOCKKEEPER_UPSTREAM_ATTEMPTS: '1',
    });
    const events = unreachable.stream(unreachable.getModel('public'), hello, never());
    await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'provider_failed',
      message: 'The AI provider could not be reached.',
    });
  });

  it('tells that a provider cannot be reached', async () => {
    const gone = await FakeUpstream.start();
    const { url } = gone;
    await gone.close();
    const unreachable = await providerWith({
      LOCKKEEPER_UPSTREAM_URL: url,
      LOCKKEEPER_UPSTREAM_ATTEMPTS: '1',
    });
    const events = unreachable.stream(unreachable.getModel('public'), hello, never());
    await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'provider_failed',
      message: 'The AI provider could not be reached.',
    });
  });
});

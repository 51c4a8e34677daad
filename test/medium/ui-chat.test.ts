import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { derivedId } from '../../src/shared/ids.js';
import { RedisBreaker } from '../../src/platform/redis/index.js';
import { TestChatter } from '../factories/chat.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { createTestRedis } from '../factories/test-redis.js';
import { TestTurns } from '../factories/turns.js';
import { waitUntil } from '../factories/wait.js';
import { answering, FakeUpstream } from '../fakes/openai-upstream.js';

const PRICES = { input_price: '1', output_price: '2' };

interface UiMessageList {
  conversation_id: string | null;
  has_earlier: boolean;
  messages: { id: string; role: string; parts: object[]; metadata: { status: string } }[];
}

const text = (content: string) => ({ type: 'text', text: content });

describe('chats of useChat', () => {
  let upstream: FakeUpstream;
  let redis: TcpProxy;
  let test: TestApp;
  let turns: TestTurns;
  let chatter: TestChatter;
  let chatId: string;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    redis = await createTcpProxy(await createTestRedis());
    test = await createTestApp({
      LOCKKEEPER_REDIS_URL: redis.url,
      LOCKKEEPER_REDIS_COMMAND_TIMEOUT_MS: '1000',
      LOCKKEEPER_UPSTREAM_URL: upstream.url,
      LOCKKEEPER_MODELS: JSON.stringify([
        { id: 'first', ...PRICES },
        { id: 'default', ...PRICES },
      ]),
      LOCKKEEPER_CHAT_DEFAULT_MODEL: 'default',
    });
    turns = new TestTurns(test);
  });
  beforeEach(async () => {
    chatter = await TestChatter.create(test);
    chatId = `chat ${randomUUID()}`;
    upstream.follow(answering(['answer']));
  });
  afterAll(async () => {
    await turns.close();
    await test.close();
    await upstream.close();
    await redis.cut();
  });

  async function post(payload: object) {
    const answer = await test.app.inject({
      method: 'POST',
      url: '/api/chat',
      headers: chatter.headers,
      payload: { id: chatId, trigger: 'submit-message', ...payload },
    });
    const isStream = answer.statusCode === 200;
    return {
      status: answer.statusCode,
      headers: answer.headers,
      code: isStream ? undefined : answer.json<{ code: string }>().code,
      frames: isStream ? answer.body.split('\n\n').filter((frame) => frame.startsWith('data: ')) : [],
    };
  }

  function ask(parts: string | object[], messageId: string = randomUUID(), payload: object = {}) {
    const question = {
      id: messageId,
      role: 'user',
      parts: typeof parts === 'string' ? [text(parts)] : parts,
    };
    return post({ messages: [question], ...payload });
  }

  const list = (id = chatId) => chatter.get<UiMessageList>(`/api/chat/${encodeURIComponent(id)}/messages`);
  const texts = async (id = chatId) =>
    (await list(id)).messages.flatMap(({ parts }) => parts.map((part) => (part as { text?: string }).text));
  const given = () => upstream.calls.at(-1)?.body['messages'];

  it('stream in the format that the SDK reads', async () => {
    upstream.follow(answering(['a', 'b']));
    const { frames, headers } = await ask('question');
    const answerId = (await list()).messages[1]?.id;
    expect(frames.map((frame) => frame.slice('data: '.length))).toEqual([
      JSON.stringify({ type: 'start', messageId: answerId }),
      '{"type":"start-step"}',
      '{"type":"text-start","id":"text-1"}',
      '{"type":"text-delta","id":"text-1","delta":"a"}',
      '{"type":"text-delta","id":"text-1","delta":"b"}',
      '{"type":"text-end","id":"text-1"}',
      '{"type":"finish-step"}',
      '{"type":"finish","finishReason":"stop"}',
      '[DONE]',
    ]);
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-vercel-ai-ui-message-stream': 'v1',
      'x-conversation-id': (await list()).conversation_id,
    });
  });

  it('ask the model that the body names, else the configured one', async () => {
    await ask('one');
    expect(upstream.calls.at(-1)?.body['model']).toBe('default');
    await ask('two', 'm2', { model: 'first' });
    expect(upstream.calls.at(-1)?.body['model']).toBe('first');
  });

  it('go on in a conversation of the caller that they name', async () => {
    const { conversationId } = await chatter.say('before', 'first');
    chatId = conversationId.toUpperCase();
    await ask('after');
    expect(await texts(conversationId)).toEqual(['before', 'answer', 'after', 'answer']);
  });

  it("are the caller's own, also under the id of another's conversation or chat", async () => {
    const { conversationId } = await chatter.say('secret', 'first');
    await ask('secret in a chat');
    chatter = await TestChatter.create(test);
    for (const id of [conversationId, chatId]) {
      expect(await list(id)).toEqual({ messages: [], has_earlier: false, conversation_id: null });
      await ask('mine', 'm1', { id });
      expect(given()).toEqual([{ role: 'user', content: 'mine' }]);
      expect(await texts(id)).toEqual(['mine', 'answer']);
    }
  });

  it('may have any name of up to 128 characters', async () => {
    chatId = '/ü?#%'.repeat(25) + 'end';
    expect((await ask('hello')).status).toBe(200);
    expect(await texts()).toEqual(['hello', 'answer']);
    expect(await post({ id: `${chatId}+`, messages: [] })).toMatchObject({
      status: 422,
      code: 'invalid_request',
    });
  });

  it.each(['waiting', 'saved'])('begin anew after they were deleted while %s', async (state) => {
    const { headers } = await ask('old', 'm1');
    if (state === 'saved') await turns.saveAll();
    await test.app.inject({
      method: 'DELETE',
      url: `/api/conversations/${String(headers['x-conversation-id'])}`,
      headers: chatter.headers,
    });
    expect((await list()).conversation_id).toBeNull();
    expect((await ask('new', 'm1')).status).toBe(200);
    expect(given()).toEqual([{ role: 'user', content: 'new' }]);
    await turns.saveAll();
    expect(await texts()).toEqual(['new', 'answer']);
    expect((await list()).conversation_id).not.toBe(headers['x-conversation-id']);
  });

  it.each(['waiting', 'saved'])('take a message once: while %s it is refused', async (state) => {
    await ask('once', 'm1');
    if (state === 'saved') await turns.saveAll();
    expect(await ask('once', 'm1')).toMatchObject({ status: 409, code: 'message_taken' });
    expect(upstream.calls).toHaveLength(1);
  });

  it('are saved whole also if two requests at once brought the same message', async () => {
    const conversationId = await turns.conversation(undefined, chatter.user.id);
    const id = derivedId(conversationId, 'm1');
    const messages = turns.turn(conversationId).messages.map((message) => ({ ...message, id }));
    for (let n = 0; n < 2; n++)
      await turns.finishedTurn(conversationId, { messages, owner_id: chatter.user.id });
    await turns.saveAll();
    expect(await turns.messages(conversationId)).toHaveLength(4);
    const ids = (await list(conversationId)).messages.map((message) => message.id);
    expect(new Set(ids).size).toBe(4);
    expect(ids[0]).toBe(id);
  });

  it('store nothing of a turn that is refused', async () => {
    chatter = await TestChatter.create(test, '0');
    expect(await ask('hello')).toMatchObject({ status: 402, code: 'insufficient_coins' });
    expect((await list()).conversation_id).toBeNull();
    expect(await chatter.get('/api/conversations')).toMatchObject({ items: [] });
  });

  it('give images to the model and back to the client, and refuse other files', async () => {
    const url = 'data:image/png;base64,iVBORw0KGgo=';
    await ask([text('look'), { type: 'file', mediaType: 'image/png', url }, { type: 'data-ui', data: {} }]);
    expect(given()).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image_url', image_url: { url } },
        ],
      },
    ]);
    expect((await list()).messages[0]?.parts).toEqual([
      text('look'),
      { type: 'file', mediaType: 'image/png', url },
    ]);
    const pdf = { type: 'file', mediaType: 'application/pdf', url: 'data:application/pdf;base64,AA' };
    expect(await ask([pdf])).toMatchObject({ status: 422, code: 'message_part_unreadable' });
  });

  it('tell the model that a tool call was left without a result', async () => {
    const tool_calls = [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }];
    upstream.follow(
      async (call) => {
        call.begin();
        await call.sendDelta({ tool_calls: tool_calls.map((toolCall) => ({ index: 0, ...toolCall })) });
        await call.sendDelta({}, 'tool_calls');
        await call.send('[DONE]');
        call.end();
      },
      answering(['answer']),
    );
    await ask('call');
    expect((await list()).messages[1]?.parts).toEqual([
      { type: 'tool-f', toolCallId: 'c1', state: 'input-available', input: {} },
    ]);
    await ask('never mind');
    expect(given()).toEqual([
      { role: 'user', content: 'call' },
      { role: 'assistant', content: '', tool_calls },
      { role: 'tool', tool_call_id: 'c1', content: 'No result.' },
      { role: 'user', content: 'never mind' },
    ]);
  });

  it('take a changed message and a new answer as branches, which become the active ones', async () => {
    await ask('question', 'm1');
    upstream.follow(answering(['edited']));
    expect((await ask('other question', 'm1', { messageId: 'm1' })).status).toBe(200);
    expect(given()).toEqual([{ role: 'user', content: 'other question' }]);
    expect(await texts()).toEqual(['other question', 'edited']);

    upstream.follow(answering(['anew']));
    const answerId = (await list()).messages[1]?.id;
    const regenerated = await ask('other question', 'm1', {
      trigger: 'regenerate-message',
      messageId: answerId,
    });
    expect(regenerated.status).toBe(200);
    expect(given()).toEqual([{ role: 'user', content: 'other question' }]);
    expect(await texts()).toEqual(['other question', 'anew']);
    await turns.saveAll();
    expect(await texts()).toEqual(['other question', 'anew']);
    const id = (await list()).conversation_id;
    const { items } = await chatter.get<{ items: unknown[] }>(`/api/conversations/${id}/branches`);
    expect(items).toHaveLength(3);
  });

  it('are stopped, and the client is told so', async () => {
    upstream.follow(async (call) => {
      call.begin();
      await call.sendTexts('a part');
    });
    const answer = ask('question');
    await waitUntil('the running turn', async () => (await list()).messages.length === 1);
    await waitUntil('the stop', async () => {
      const url = `/api/chat/${encodeURIComponent(chatId)}/stop`;
      const stop = await test.app.inject({ method: 'POST', url, headers: chatter.headers });
      expect(stop.statusCode).toBe(204);
      return (await list()).messages.length === 2;
    });
    expect((await answer).frames.join('')).toContain('{"type":"abort",');
    expect(await texts()).toEqual(['question', 'a part']);
  });

  it('show the latest 200 messages', async () => {
    const conversationId = await turns.conversation(undefined, chatter.user.id);
    await turns.finishedTurns(conversationId, 101);
    const page = await list(conversationId);
    expect(page.messages).toHaveLength(200);
    expect(page.has_earlier).toBe(true);
  });

  it('are read and go on while Redis is away', async () => {
    await ask('question', 'm1');
    await turns.saveAll();
    await redis.cut();
    expect((await ask('on', 'm2')).status).toBe(200);
    expect(await ask('on', 'm2')).toMatchObject({ status: 409, code: 'message_taken' });
    expect(await texts()).toEqual(['question', 'answer', 'on', 'answer']);
    await redis.restore();
    await waitUntil('Redis', () => !test.app.get(RedisBreaker, { strict: false }).isOpen);
    expect((await ask('on and on', 'm3')).status).toBe(200);
    await turns.saveAll();
    expect(await texts()).toEqual(['question', 'answer', 'on', 'answer', 'on and on', 'answer']);
  });

  it('have no stream to follow while nothing runs', async () => {
    await ask('question');
    const url = `/api/chat/${encodeURIComponent(chatId)}/stream`;
    const answer = await test.app.inject({ url, headers: chatter.headers });
    expect([answer.statusCode, answer.body]).toEqual([204, '']);
  });
});

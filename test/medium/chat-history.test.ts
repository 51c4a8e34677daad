import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answering, FakeUpstream, refusing } from '../fakes/openai-upstream.js';
import { saveAllTurns, TestChatter } from '../factories/chat.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';

const PRICES = { input_price: '1', output_price: '1' };
const MODELS = JSON.stringify([
  { id: 'fake', ...PRICES },
  { id: 'small', ...PRICES, context_tokens: 200, max_output_tokens: 20 },
]);

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

describe('the messages that a provider is given', () => {
  let upstream: FakeUpstream;
  let test: TestApp;
  let chatter: TestChatter;
  let conversationId: string;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    test = await createTestApp({
      LOCKKEEPER_UPSTREAM_URL: upstream.url,
      LOCKKEEPER_UPSTREAM_ATTEMPTS: '1',
      LOCKKEEPER_MODELS: MODELS,
      LOCKKEEPER_CHAT_HISTORY_MESSAGES: '6',
    });
    chatter = await TestChatter.create(test);
  });
  beforeEach(async () => {
    upstream.follow(answering(['a1']));
    ({ conversationId } = await chatter.say('u1', 'fake'));
    upstream.follow(answering(['a2']));
  });
  afterAll(async () => {
    await test.close();
    await upstream.close();
  });

  async function send(messages: object[], model = 'fake', conversation = conversationId) {
    const answer = await chatter.post({ model, messages }, { 'x-conversation-id': conversation });
    expect(answer.status).toBe(200);
    expect(answer.conversationId).toBe(conversation);
  }
  const given = () => upstream.calls.at(-1)?.body['messages'];

  it('are those of the request alone in a new conversation', async () => {
    await chatter.say('alone', 'fake');
    expect(given()).toEqual([user('alone')]);
  });

  it.each(['not saved', 'saved'])(
    'begin with the stored ones that are %s, after the instructions',
    async (state) => {
      if (state === 'saved') await saveAllTurns(test);
      const system = { role: 'system', content: 'Be brief.' };
      await send([system, user('u2')]);
      expect(given()).toEqual([system, user('u1'), assistant('a1'), user('u2')]);
      await send([user('u3')]);
      expect(given()).toEqual([user('u1'), assistant('a1'), user('u2'), assistant('a2'), user('u3')]);
    },
  );

  it('are those of the request if it brings answers along, of which the last question is stored', async () => {
    const own = [user('u1'), assistant('told otherwise'), user('u2')];
    await send(own);
    expect(given()).toEqual(own);
    const contents = (await chatter.messages(conversationId)).map((message) => message.content);
    expect(contents).toEqual(['u1', 'a1', 'u2', 'a2']);
  });

  it('hold parts, tool calls and their results as they came', async () => {
    const parts = [
      { type: 'text', text: 'What is it?' },
      { type: 'image_url', image_url: { url: 'data:,x' } },
    ];
    const call = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } };
    upstream.follow(async (upstreamCall) => {
      upstreamCall.begin();
      await upstreamCall.sendDelta({ tool_calls: [{ index: 0, ...call }] });
      await upstreamCall.sendDelta({}, 'tool_calls');
      upstreamCall.end();
    });
    await send([{ role: 'user', content: parts, name: 'me' }]);
    upstream.follow(answering(['a cat']));
    await send([{ role: 'tool', tool_call_id: 'call_1', content: 'cat' }]);
    await saveAllTurns(test);
    await send([user('Sure?')]);
    expect(given()).toEqual([
      user('u1'),
      assistant('a1'),
      { role: 'user', content: parts, name: 'me' },
      { role: 'assistant', content: '', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: 'cat' },
      assistant('a cat'),
      user('Sure?'),
    ]);
  });

  it('leave out answers that never came or were withheld', async () => {
    upstream.follow(refusing(400));
    await chatter.say('fails', 'fake', conversationId);
    upstream.follow(answering(['bad'], { finishReason: 'content_filter' }));
    await send([user('violates')]);
    upstream.follow(answering(['a4']));
    await send([user('u4')]);
    expect(given()).toEqual([user('u1'), assistant('a1'), user('fails'), user('violates'), user('u4')]);
  });

  it('are the latest that leave room for the answer, from a question on', async () => {
    upstream.follow(answering(['word '.repeat(70)]));
    for (const name of ['u2', 'u3']) await send([user(name)]);
    upstream.follow(answering(['done']));
    await send([user('u4')], 'small');
    expect(given()).toEqual([
      user('u2'),
      assistant('word '.repeat(70)),
      user('u3'),
      assistant('word '.repeat(70)),
      user('u4'),
    ]);
    await send([user(`u5 ${'word '.repeat(30)}`)], 'small');
    expect((given() as { content: string }[]).map(({ content }) => content.slice(0, 4))).toEqual([
      'u3',
      'word',
      'u4',
      'done',
      'u5 w',
    ]);
  });
});

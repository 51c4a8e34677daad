import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestChatter } from '../factories/chat.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { TestTurns } from '../factories/turns.js';

const MAX_BYTES = 2_000;

describe('the limits of conversations', () => {
  let test: TestApp;
  let turns: TestTurns;
  beforeAll(async () => {
    test = await createTestApp({
      LOCKKEEPER_MAX_CONVERSATIONS: '3',
      LOCKKEEPER_MAX_MESSAGES: '4',
      LOCKKEEPER_CHAT_MAX_MESSAGE_BYTES: String(MAX_BYTES),
    });
    turns = new TestTurns(test);
  });
  afterAll(async () => {
    await turns.close();
    await test.close();
  });

  const make = (chatter: TestChatter) =>
    test.app.inject({ method: 'POST', url: '/api/conversations', headers: chatter.headers, payload: {} });

  it('let a user have so many conversations, and another as many', async () => {
    const chatter = await TestChatter.create(test);
    const { conversationId } = await chatter.say('one');
    for (let n = 0; n < 2; n++) expect((await make(chatter)).statusCode).toBe(201);
    const refused = await make(chatter);
    expect(refused.statusCode).toBe(409);
    expect(refused.json()).toMatchObject({ code: 'conversation_limit_reached', details: { limit: 3 } });
    const turn = await chatter.say('a new one');
    expect([turn.status, turn.body.error.code]).toEqual([409, 'conversation_limit_reached']);
    expect((await chatter.books()).account.frozen).toBe(0n);
    expect((await chatter.say('goes on', 'local', conversationId)).status).toBe(200);
    expect((await make(await TestChatter.create(test))).statusCode).toBe(201);
    const url = `/api/conversations/${conversationId}`;
    await test.app.inject({ method: 'DELETE', url, headers: chatter.headers });
    expect((await make(chatter)).statusCode).toBe(201);
  });

  it('let a conversation have so many messages', async () => {
    const chatter = await TestChatter.create(test);
    const { conversationId } = await chatter.say('one');
    await chatter.say('two', 'local', conversationId);
    await turns.saveAll();
    const refused = await chatter.say('three', 'local', conversationId);
    expect([refused.status, refused.body.error.code]).toEqual([409, 'message_limit_reached']);
    expect((await chatter.books()).account.frozen).toBe(0n);
    expect(await chatter.messages(conversationId)).toHaveLength(4);
  });

  it.each([
    ['its text', (size: number) => 'x'.repeat(size)],
    ['its text in UTF-8', (size: number) => '你'.repeat(Math.ceil(size / 3))],
    [
      'all of its texts',
      (size: number) => Array.from({ length: 10 }, () => ({ type: 'text', text: 'x'.repeat(size / 10) })),
    ],
    [
      'an attachment',
      (size: number) => [{ type: 'image_url', image_url: { url: `data:${'x'.repeat(size)}` } }],
    ],
  ])('refuse a message for the bytes of %s, and name the limit', async (_what, content) => {
    const chatter = await TestChatter.create(test);
    const say = (size: number) =>
      chatter.post({ model: 'local', messages: [{ role: 'user', content: content(size) }] });
    expect((await say(MAX_BYTES / 2)).status).toBe(200);
    const refused = await say(MAX_BYTES + 10);
    expect(refused.status).toBe(413);
    expect(refused.body.error).toMatchObject({ code: 'message_too_large', param: 'messages' });
    expect(refused.body.error.message).toContain(`${MAX_BYTES} bytes`);
    expect(
      await turns.transactions.single.query('SELECT id FROM conversations WHERE owner_id = ?', [
        chatter.user.id,
      ]),
    ).toHaveLength(1);
  });

  it('count neither the history that a request brings nor what it says in several messages', async () => {
    const chatter = await TestChatter.create(test);
    const text = 'x'.repeat(MAX_BYTES - 100);
    const messages = [
      { role: 'user', content: `${text}${text}` },
      { role: 'assistant', content: `${text}${text}` },
      { role: 'user', content: text },
      { role: 'user', content: text },
    ];
    expect((await chatter.post({ model: 'local', messages })).status).toBe(200);
  });
});

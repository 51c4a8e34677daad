import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answering, FakeUpstream, refusing } from '../fakes/openai-upstream.js';
import { TestConversation } from '../factories/branches.js';
import { TestChatter } from '../factories/chat.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { TestTurns } from '../factories/turns.js';

const PRICES = { input_price: '1', output_price: '1' };
const MODELS = JSON.stringify([
  { id: 'fake', ...PRICES },
  { id: 'tiny', ...PRICES, context_tokens: 60, max_output_tokens: 20 },
]);

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

describe('a turn that edits or regenerates', () => {
  let upstream: FakeUpstream;
  let test: TestApp;
  let turns: TestTurns;
  let chatter: TestChatter;
  let conversation: TestConversation;

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    test = await createTestApp({
      LOCKKEEPER_UPSTREAM_URL: upstream.url,
      LOCKKEEPER_UPSTREAM_ATTEMPTS: '1',
      LOCKKEEPER_MODELS: MODELS,
      LOCKKEEPER_CHAT_HISTORY_MESSAGES: '4',
    });
    turns = new TestTurns(test);
    chatter = await TestChatter.create(test);
  });
  afterAll(async () => {
    await turns.close();
    await test.close();
    await upstream.close();
  });
  beforeEach(async () => {
    upstream.follow(answering(['a1']));
    const { conversationId } = await chatter.say('u1', 'fake');
    conversation = new TestConversation(test, chatter, turns, conversationId, 'fake');
    upstream.follow(answering(['a2']));
    await conversation.say('u2');
    upstream.follow(answering(['new']));
  });

  const given = () => upstream.calls.at(-1)?.body['messages'];

  describe.each(['not saved', 'saved'])('a conversation that is %s', (state) => {
    beforeEach(async () => {
      if (state === 'saved') await conversation.save();
    });

    /** The same is read before and after the save, but for what tells of it. */
    async function expectContents(expected: string[]) {
      const before = await conversation.items();
      expect(before.map(({ content }) => content)).toEqual(expected);
      await conversation.save();
      const after = await conversation.items();
      expect(after).toEqual(before.map((item) => ({ ...item, is_saved: true })));
    }

    it('replaces a message of the user and what came after it', async () => {
      const answer = await conversation.edit(await conversation.idOf('u2'), 'u2 edited');
      expect(answer).toMatchObject({ status: 200, conversationId: conversation.id });
      expect(given()).toEqual([user('u1'), assistant('a1'), user('u2 edited')]);
      await expectContents(['u1', 'a1', 'u2 edited', 'new']);
      expect(await conversation.contents(0)).toEqual(['u1', 'a1', 'u2', 'a2']);
    });

    it('replaces the first message', async () => {
      await conversation.edit(await conversation.idOf('u1'), 'u1 edited');
      expect(given()).toEqual([user('u1 edited')]);
      await expectContents(['u1 edited', 'new']);
      const items = await conversation.items();
      expect(items[0]?.siblings.map(({ branch }) => branch)).toEqual([0, 1]);
      expect(items[1]?.siblings).toEqual([]);
    });

    it('gives another answer, and another, to the message that was asked', async () => {
      const first = await conversation.idOf('a2');
      const system = { role: 'system', content: 'Be brief.' };
      await conversation.regenerate(first, [system, user('not read')]);
      expect(given()).toEqual([system, user('u1'), assistant('a1'), user('u2')]);
      upstream.follow(answering(['newer']));
      const second = await conversation.idOf('new');
      await conversation.regenerate(second);
      expect(given()).toEqual([user('u1'), assistant('a1'), user('u2')]);
      await expectContents(['u1', 'a1', 'u2', 'newer']);
      const [, , question, answer] = await conversation.items();
      expect(question?.siblings).toEqual([]);
      expect(answer?.siblings).toEqual([
        { branch: 0, message_id: first },
        { branch: 1, message_id: second },
        { branch: 2, message_id: answer?.id },
      ]);
    });

    it('goes on where it forked', async () => {
      await conversation.edit(await conversation.idOf('u2'), 'u2 edited');
      upstream.follow(answering(['a3']));
      await conversation.say('u3');
      expect(given()).toEqual([user('u1'), assistant('a1'), user('u2 edited'), assistant('new'), user('u3')]);
      await expectContents(['u1', 'a1', 'u2 edited', 'new', 'u3', 'a3']);
    });

    it('answers a message of the user again whose answer never came', async () => {
      upstream.follow(refusing(400));
      await conversation.say('u3');
      upstream.follow(answering(['at last']));
      if (state === 'saved') await conversation.save();
      await conversation.regenerate(await conversation.idOf('u3'));
      expect(given()).toEqual([user('u1'), assistant('a1'), user('u2'), assistant('a2'), user('u3')]);
      await expectContents(['u1', 'a1', 'u2', 'a2', 'u3', 'at last']);
      expect((await conversation.items()).map(({ siblings }) => siblings)).toEqual([[], [], [], [], [], []]);
    });

    it('makes no branch if no new answer comes, and is charged nothing', async () => {
      const before = await conversation.items();
      upstream.follow(refusing(500));
      const failed = await conversation.regenerate(await conversation.idOf('a2'));
      expect(failed.status).toBe(502);
      expect(await conversation.items()).toEqual(before);
      await conversation.save();
      expect(await conversation.items()).toEqual(before.map((item) => ({ ...item, is_saved: true })));
      expect(await conversation.branches()).toHaveLength(1);
      await chatter.expectTurn(
        { turnId: failed.turnId, conversationId: conversation.id },
        { turn: { status: 'failed' }, cost: 0n, messages: before.map(({ content }) => ({ content })) },
      );
    });

    it('keeps an edited message whose answer never came', async () => {
      upstream.follow(refusing(400));
      await conversation.edit(await conversation.idOf('u2'), 'u2 edited');
      await expectContents(['u1', 'a1', 'u2 edited']);
    });
  });

  it('asks with the question alone if there is no room for more, and refuses one that has none itself', async () => {
    const long = 'word '.repeat(58);
    upstream.follow(refusing(400));
    await conversation.say(long);
    upstream.follow(answering(['a3']));
    await conversation.say('u3');
    const u3 = await conversation.idOf('u3');
    expect(await conversation.regenerate(u3, undefined, 'tiny')).toMatchObject({ status: 200 });
    expect(given()).toEqual([user('u3')]);
    const refused = await conversation.regenerate(await conversation.idOf(long), undefined, 'tiny');
    expect(refused).toMatchObject({ status: 400, body: { error: { code: 'context_length_exceeded' } } });
  });

  it('passes on the history that a request brings, and stores none of it', async () => {
    const own = [user('told'), assistant('otherwise'), user('again')];
    await conversation.regenerate(await conversation.idOf('a2'), own);
    expect(given()).toEqual(own);
    expect(await conversation.contents()).toEqual(['u1', 'a1', 'u2', 'new']);
    await conversation.send({ 'x-edit-message-id': await conversation.idOf('u2') }, own);
    expect(given()).toEqual(own);
    expect(await conversation.contents()).toEqual(['u1', 'a1', 'again', 'new']);
  });

  it('asks all messages of a turn again', async () => {
    const parts = Array.from({ length: 12 }, (_, n) => user(`part ${n}`));
    await conversation.send({}, parts);
    await conversation.regenerate(await conversation.idOf('new'));
    expect(given()).toEqual([user('u1'), assistant('a1'), user('u2'), assistant('a2'), ...parts]);
    await conversation.regenerate(await conversation.idOf('part 1'));
    expect((given() as object[]).slice(-2)).toEqual([user('part 0'), user('part 1')]);
  });

  it.each(['x-edit-message-id', 'x-regenerate-message-id'])(
    'refuses in %s what is not there',
    async (header) => {
      const stranger = await TestChatter.create(test);
      const { conversationId } = await stranger.say('secret', 'fake');
      const theirs = new TestConversation(test, stranger, turns, conversationId);
      const own = new TestConversation(
        test,
        chatter,
        turns,
        (await chatter.say('other', 'fake')).conversationId,
      );
      const before = upstream.calls.length;
      const ids = [randomUUID(), 'x', await theirs.idOf('secret'), await own.idOf('other')];
      for (const state of ['not saved', 'saved']) {
        if (state === 'saved') await turns.saveAll();
        for (const id of ids) {
          expect(await conversation.send({ [header]: id }, [user('x')])).toMatchObject({
            status: 404,
            body: { error: { code: 'message_not_found' } },
          });
        }
      }
      const body = { model: 'fake', messages: [user('x')] };
      const without = await chatter.post(body, { [header]: await conversation.idOf('u1') });
      expect(without).toMatchObject({ status: 404, body: { error: { code: 'message_not_found' } } });
      const foreign = await chatter.post(body, {
        'x-conversation-id': conversationId,
        [header]: await theirs.idOf('secret'),
      });
      expect(foreign).toMatchObject({ status: 404, body: { error: { code: 'conversation_not_found' } } });
      expect(upstream.calls).toHaveLength(before);
      expect(await conversation.branches()).toHaveLength(1);
      expect((await chatter.books()).account.frozen).toBe(0n);
    },
  );

  it('refuses to edit an answer, and to edit and regenerate in one', async () => {
    const answer = await conversation.idOf('a1');
    expect(await conversation.edit(answer, 'mine')).toMatchObject({
      status: 400,
      body: { error: { code: 'message_not_editable' } },
    });
    const both = { 'x-edit-message-id': await conversation.idOf('u1'), 'x-regenerate-message-id': answer };
    expect(await conversation.send(both, [user('x')])).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request' } },
    });
    const edit = { 'x-edit-message-id': await conversation.idOf('u1') };
    expect(await conversation.send(edit, [{ role: 'system', content: 'x' }])).toMatchObject({
      status: 400,
      body: { error: { code: 'user_message_missing' } },
    });
  });

  it('is given once for a key, and is another request than one that forks elsewhere', async () => {
    const messages = [user('x')];
    const key = { 'idempotency-key': randomUUID() };
    const edit = { ...key, 'x-edit-message-id': await conversation.idOf('u2') };
    const first = await conversation.send(edit, messages);
    expect(await conversation.send(edit, messages)).toMatchObject({ status: 200, turnId: first.turnId });
    const elsewhere = { ...key, 'x-edit-message-id': await conversation.idOf('u1') };
    for (const headers of [key, elsewhere]) {
      expect(await conversation.send(headers, messages)).toMatchObject({
        body: { error: { code: 'turn_key_reused' } },
      });
    }
    await conversation.save();
    expect(await conversation.branches()).toHaveLength(2);
  });

  it('refuses the branch that would be one too many, and charges nothing', async () => {
    await conversation.save();
    const rows = Array.from({ length: 998 }, (_, n) => [conversation.id, n + 1, 0, 2, new Date()]);
    await turns.transactions.single.query(
      'INSERT INTO conversation_branches (conversation_id, branch, parent_branch, fork_sequence, created_at) VALUES ?',
      [rows],
    );
    const u2 = await conversation.idOf('u2');
    expect(await conversation.edit(u2, 'the last that fits')).toMatchObject({ status: 200 });
    for (const state of ['not saved', 'saved']) {
      if (state === 'saved') await conversation.save();
      expect(await conversation.edit(u2, 'too many')).toMatchObject({
        status: 409,
        body: { error: { code: 'too_many_branches' } },
      });
      expect(await conversation.regenerate(u2)).toMatchObject({ status: 409 });
    }
    expect((await chatter.books()).account.frozen).toBe(0n);
    expect((await conversation.say('goes on')).status).toBe(200);
  });
});

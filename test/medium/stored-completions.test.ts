import { randomUUID } from 'node:crypto';
import { NotFoundError, OpenAI } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { saveAllTurns, TestChatter } from '../factories/chat.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { TestTurns } from '../factories/turns.js';

describe('stored completions, asked with the openai package', () => {
  let test: TestApp;
  let turns: TestTurns;
  let chatter: TestChatter;
  let openai: OpenAI;

  beforeAll(async () => {
    test = await createTestApp();
    await test.app.listen(0, '127.0.0.1');
    turns = new TestTurns(test);
  });
  beforeEach(async () => {
    chatter = await TestChatter.create(test);
    openai = await clientOf(chatter);
  });
  afterAll(async () => {
    await turns.close();
    await test.close();
  });

  async function clientOf({ user }: TestChatter) {
    return new OpenAI({ baseURL: `${await test.app.getUrl()}/v1`, apiKey: user.apiKey, maxRetries: 0 });
  }

  /** Saved turns of the chatter, some of which began in the same millisecond. */
  async function savedTurns(count: number, changes: object = {}) {
    const conversationId = await turns.conversation(undefined, chatter.user.id);
    const ids = [];
    for (let n = 0; n < count; n++) {
      const started_at = new Date(Date.UTC(2026, 0, 1) + Math.floor(n / 3)).toISOString();
      const turn = await turns.finishedTurn(conversationId, {
        owner_id: chatter.user.id,
        started_at,
        ...changes,
      });
      ids.push({ id: `chatcmpl-${turn.id}`, started_at });
    }
    await turns.saveAll();
    ids.sort((a, b) => (a.started_at + a.id < b.started_at + b.id ? -1 : 1));
    return { conversationId, ids: ids.map(({ id }) => id) };
  }

  async function listed(query: OpenAI.ChatCompletionListParams = {}) {
    const ids = [];
    for await (const completion of openai.chat.completions.list(query)) ids.push(completion.id);
    return ids;
  }

  it('are what the caller was answered', async () => {
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    const answered = await openai.chat.completions.create({ model: 'local', messages });
    await saveAllTurns(test);
    expect(await openai.chat.completions.retrieve(answered.id)).toEqual(answered);
    expect(await chatter.get('/v1/chat/completions')).toEqual({
      object: 'list',
      data: [answered],
      first_id: answered.id,
      last_id: answered.id,
      has_more: false,
    });
  });

  it.each(['asc', 'desc'] as const)('are listed page by page in %sending order', async (order) => {
    const { ids } = await savedTurns(11);
    const expected = order === 'asc' ? ids : ids.toReversed();
    expect(await listed({ limit: 4, order })).toEqual(expected);
    const page = await openai.chat.completions.list({ limit: 4, order, after: expected[3] ?? '' });
    expect(page.data.map(({ id }) => id)).toEqual(expected.slice(4, 8));
    expect(page.has_more).toBe(true);
  });

  it('are listed by model', async () => {
    await savedTurns(2, { model: 'one' });
    const { ids } = await savedTurns(3, { model: 'two' });
    expect(await listed({ model: 'two', limit: 2 })).toEqual(ids);
    expect(await listed({ model: 'three' })).toEqual([]);
  });

  it('are turns that ended well', async () => {
    const answer = await chatter.say('Hello', 'local:tokens=9,fail_after=4');
    await saveAllTurns(test);
    const id = `chatcmpl-${answer.turnId}`;
    expect(await listed()).toEqual([]);
    await expect(openai.chat.completions.retrieve(id)).rejects.toThrow(NotFoundError);
  });

  it('say what they answer, page by page', async () => {
    const parts = [
      { type: 'text' as const, text: 'look' },
      { type: 'image_url' as const, image_url: { url: 'https://example.com/a.png' } },
    ];
    const { id } = await openai.chat.completions.create({
      model: 'local',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'First' },
        { role: 'user', content: parts },
        { role: 'user', content: 'Third' },
      ],
    });
    await saveAllTurns(test);
    const messages = [];
    for await (const message of openai.chat.completions.messages.list(id, { limit: 1 }))
      messages.push(message);
    expect(messages).toMatchObject([
      { role: 'user', content: 'First', content_parts: null },
      { role: 'user', content: 'look', content_parts: parts },
      { role: 'user', content: 'Third', content_parts: null },
    ]);
    const latest = await openai.chat.completions.messages.list(id, { limit: 1, order: 'desc' });
    expect(latest.data).toEqual(messages.slice(2));
    expect(latest.has_more).toBe(true);
  });

  it("are not found if they are another's, unknown, or deleted with their conversation", async () => {
    const { conversationId, ids } = await savedTurns(1);
    const [id = ''] = ids;
    const stranger = await clientOf(await TestChatter.create(test));
    const notFound = { status: 404, code: 'completion_not_found', type: 'invalid_request_error' };
    await expect(stranger.chat.completions.retrieve(id)).rejects.toMatchObject(notFound);
    await expect(stranger.chat.completions.messages.list(id)).rejects.toMatchObject(notFound);
    await expect(stranger.chat.completions.list({ after: id })).rejects.toMatchObject({
      ...notFound,
      param: 'after',
    });
    expect((await stranger.chat.completions.list()).data).toEqual([]);
    for (const unknown of [`chatcmpl-${randomUUID()}`, 'chatcmpl-x', 'x'])
      await expect(openai.chat.completions.retrieve(unknown)).rejects.toMatchObject(notFound);
    // The messages of a long conversation go one batch after the other; its row goes first.
    await turns.transactions.single.query('DELETE FROM conversations WHERE id = ?', [conversationId]);
    await expect(openai.chat.completions.retrieve(id)).rejects.toMatchObject(notFound);
    expect(await listed()).toEqual([]);
  });

  it('cannot be found by metadata, which is not stored', async () => {
    const call = openai.chat.completions.list({ metadata: { key: 'value' } });
    await expect(call).rejects.toMatchObject({ status: 400, param: 'metadata' });
  });

  it.each([{ limit: 0 }, { limit: 101 }, { order: 'up' }])('are not listed with %o', async (query) => {
    const call = openai.chat.completions.list(query as OpenAI.ChatCompletionListParams);
    await expect(call).rejects.toMatchObject({ status: 400, param: Object.keys(query)[0] });
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { shardOf } from '../../src/modules/conversation/domain/shards.js';
import { TestChatter } from '../factories/chat.js';
import { randomFrom } from '../factories/random.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { bearer } from '../factories/users.js';
import { orderOf, TestTurns } from '../factories/turns.js';

interface Conversation {
  id: string;
  title: string;
  message_count: number;
  total_tokens: number;
  created_at: string;
  last_activity_at: string;
}

interface Message {
  id: string;
  turn_id: string;
  sequence: number;
  role: string;
  content: string;
  is_saved: boolean;
}

interface MessagePage {
  items: Message[];
  earlier_cursor: string | null;
  later_cursor: string | null;
}

interface ConversationPage {
  items: Conversation[];
  next_cursor: string | null;
}

function sequences({ items }: MessagePage): number[] {
  return items.map((message) => message.sequence);
}

describe('conversations over HTTP', () => {
  let test: TestApp;
  let turns: TestTurns;
  let chatter: TestChatter;
  beforeAll(async () => {
    test = await createTestApp();
    turns = new TestTurns(test);
  });
  beforeEach(async () => {
    chatter = await TestChatter.create(test);
  });
  afterAll(async () => {
    await turns.close();
    await test.close();
  });

  async function call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object) {
    const url = `/api/conversations${path}`;
    const answer = await test.app.inject({
      method,
      url,
      headers: chatter.headers,
      ...(payload && { payload }),
    });
    return { status: answer.statusCode, body: answer.body === '' ? undefined : answer.json() };
  }

  async function create(title?: string): Promise<Conversation> {
    return (await call('POST', '', title === undefined ? {} : { title })).body;
  }

  async function page(id: string, query = ''): Promise<MessagePage> {
    return chatter.get(`/api/conversations/${id}/messages${query}`);
  }

  it('are made, read, renamed and deleted', async () => {
    const made = await call('POST', '', { title: '  Holiday plans ' });
    expect(made).toMatchObject({
      status: 201,
      body: { title: 'Holiday plans', message_count: 0, total_tokens: 0 },
    });
    const { id } = made.body;
    expect(await call('GET', `/${id}`)).toEqual({ status: 200, body: made.body });
    expect(await call('GET', `/${id.toUpperCase()}`)).toMatchObject({ status: 200, body: { id } });
    const renamed = await call('PATCH', `/${id}`, { title: '旅行🏖' });
    expect(renamed).toEqual({ status: 200, body: { ...made.body, title: '旅行🏖' } });
    // The same again is no fault.
    expect(await call('PATCH', `/${id}`, { title: '旅行🏖' })).toEqual(renamed);
    expect(await call('DELETE', `/${id}`)).toEqual({ status: 204, body: undefined });
    expect(await call('GET', `/${id}`)).toMatchObject({
      status: 404,
      body: { code: 'conversation_not_found' },
    });
    expect(await call('DELETE', `/${id}`)).toMatchObject({ status: 404 });
  });

  it.each([
    ['a title that is empty', { title: ' ' }],
    ['a title that is too long', { title: 'x'.repeat(201) }],
    ['a title that is a number', { title: 1 }],
    ['a field that is unknown', { title: 'x', owner_id: randomUUID() }],
  ])('refuse %s', async (_what, payload) => {
    const { id } = await create('as it was');
    for (const answer of [await call('POST', '', payload), await call('PATCH', `/${id}`, payload)]) {
      expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
    }
    expect(await call('GET', `/${id}`)).toMatchObject({ body: { title: 'as it was' } });
  });

  it('refuse ids and cursors that are none of ours', async () => {
    const { id } = await create();
    expect(await call('GET', '/1')).toMatchObject({ status: 422 });
    const strange = [
      'x',
      Buffer.from('["before"]').toString('base64url'),
      Buffer.from('["before",-1]').toString('base64url'),
      Buffer.from('["sideways",1]').toString('base64url'),
    ];
    for (const cursor of strange) {
      expect(await call('GET', `?cursor=${cursor}`)).toMatchObject({ status: 422 });
      expect(await call('GET', `/${id}/messages?cursor=${cursor}`)).toMatchObject({
        status: 422,
        body: { param: 'cursor' },
      });
    }
    for (const limit of ['0', '201', 'x', '1.5']) {
      expect(await call('GET', `/${id}/messages?limit=${limit}`)).toMatchObject({ status: 422 });
    }
  });

  it('of somebody else do not exist, on any route', async () => {
    const stranger = await TestChatter.create(test);
    const { conversationId } = await stranger.say('secret');
    const before = await stranger.get(`/api/conversations/${conversationId}`);
    const answers = [
      await call('GET', `/${conversationId}`),
      await call('PATCH', `/${conversationId}`, { title: 'mine' }),
      await call('DELETE', `/${conversationId}`),
      await call('GET', `/${conversationId}/messages`),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'conversation_not_found' } });
    }
    expect((await call('GET', '')).body.items).toEqual([]);
    expect(await stranger.get(`/api/conversations/${conversationId}`)).toEqual(before);
    const anonymous = await test.app.inject({ url: `/api/conversations/${conversationId}` });
    expect(anonymous.statusCode).toBe(401);
  });

  it('want the scope of what is done', async () => {
    const reader = await test.app.inject({
      method: 'POST',
      url: '/api/api-keys',
      headers: bearer(chatter.user.accessToken),
      payload: { name: 'reader', scopes: ['conversations:read'] },
    });
    const headers = bearer(reader.json().api_key);
    const { id } = await create();
    const url = `/api/conversations/${id}`;
    expect((await test.app.inject({ url, headers })).statusCode).toBe(200);
    for (const method of ['PATCH', 'DELETE'] as const) {
      const answer = await test.app.inject({ method, url, headers, payload: { title: 'x' } });
      expect(answer.statusCode).toBe(403);
    }
  });

  it('are listed by the last activity, page by page, each once', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 7; n++) ids.unshift((await create(`${n}`)).id);
    const active = ids[4] ?? '';
    await turns.finishedTurn(active);
    await turns.saveShard(shardOf(active));
    const listed: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const list: ConversationPage = (await call('GET', `?limit=3${query}`)).body;
      listed.push(...list.items.map((conversation) => conversation.id));
      cursor = list.next_cursor;
    }
    expect(listed[0]).toBe(active);
    expect(listed).toHaveLength(ids.length);
    expect(new Set(listed)).toEqual(new Set(ids));
  });

  it.each([
    ['the beginning of what was said', 'Hello\n  there', 'Hello there'],
    ['no more than fits, and no half character', '👨‍👩‍👧‍👦'.repeat(100), /^(👨‍👩‍👧‍👦)+…$/u],
    ['a name of its own if nothing was said', '  ', 'New conversation'],
  ])('are named after %s', async (_what, said, title) => {
    const answer = await chatter.say(said);
    expect(answer.status).toBe(200);
    const { title: named } = await chatter.get<Conversation>(`/api/conversations/${answer.conversationId}`);
    if (typeof title === 'string') expect(named).toBe(title);
    else expect(named).toMatch(title);
  });

  it('can be read at once though no worker runs, with the numbers that they will have when saved', async () => {
    const { conversationId } = await chatter.say('one');
    await chatter.say('two', 'local', conversationId);
    const unsaved = await page(conversationId);
    expect(unsaved.items).toMatchObject([
      { sequence: 1, role: 'user', content: 'one', is_saved: false },
      { sequence: 2, role: 'assistant', is_saved: false },
      { sequence: 3, role: 'user', content: 'two', is_saved: false },
      { sequence: 4, role: 'assistant', is_saved: false },
    ]);
    await turns.saveShard(shardOf(conversationId));
    const saved = await page(conversationId);
    expect(saved.items).toEqual(unsaved.items.map((message) => ({ ...message, is_saved: true })));
    expect(await call('GET', `/${conversationId}`)).toMatchObject({ body: { message_count: 4 } });
  });

  it('are paged in both directions over the border between what is saved and what is not', async () => {
    const id = await turns.conversation(undefined, chatter.user.id);
    await turns.finishedTurns(id, 3);
    await turns.saveShard(shardOf(id));
    await turns.finishedTurns(id, 2);

    const latest = await page(id, '?limit=3');
    expect(sequences(latest)).toEqual([8, 9, 10]);
    expect(latest.later_cursor).toBeNull();
    const middle = await page(id, `?limit=4&cursor=${latest.earlier_cursor}`);
    expect(sequences(middle)).toEqual([4, 5, 6, 7]);
    expect(middle.items.map((message) => message.is_saved)).toEqual([true, true, true, false]);
    const first = await page(id, `?limit=4&cursor=${middle.earlier_cursor}`);
    expect(sequences(first)).toEqual([1, 2, 3]);
    expect(first.earlier_cursor).toBeNull();
    const again = await page(id, `?limit=4&cursor=${first.later_cursor}`);
    expect(sequences(again)).toEqual([4, 5, 6, 7]);

    // A cursor stays good when there is more, saved or not.
    await turns.finishedTurns(id, 1);
    await turns.saveShard(shardOf(id));
    expect(sequences(await page(id, `?limit=9&cursor=${again.later_cursor}`))).toEqual([8, 9, 10, 11, 12]);
    const empty = { items: [], earlier_cursor: null, later_cursor: null };
    expect(await page((await create()).id)).toEqual(empty);
  });

  it('that are deleted while turns wait or run leave nothing', async () => {
    const { id } = await create();
    await turns.finishedTurns(id, 2);
    await turns.saveShard(shardOf(id));
    await turns.finishedTurns(id, 2);
    const running = turns.turn(id);
    await turns.start(running);
    await call('DELETE', `/${id}`);
    expect(await call('GET', `/${id}/messages`)).toMatchObject({ status: 404 });
    await turns.finish(turns.answered(running));
    await turns.saveShard(shardOf(id));
    expect(await turns.messages(id)).toEqual([]);
    expect(
      await turns.transactions.single.query('SELECT id FROM turns WHERE conversation_id = ?', [id]),
    ).toEqual([]);
    expect(await turns.keysOf(id)).toEqual([]);
  });

  it('keep every page gapless and every message in its place while turns finish and are saved', async () => {
    const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 100_000);
    const random = randomFrom(seed);
    const id = await turns.conversation(undefined, chatter.user.id);
    const expected: string[] = [];
    const seen = new Map<number, string>();

    async function readSomewhere() {
      const cursor = Buffer.from(JSON.stringify([random(2) ? 'before' : 'after', random(60)]));
      const query = random(3) ? `&cursor=${cursor.toString('base64url')}` : '';
      const { items } = await page(id, `?limit=${1 + random(12)}${query}`);
      for (const [index, message] of items.entries()) {
        if (index > 0) expect(message.sequence, `seed ${seed}`).toBe((items[index - 1]?.sequence ?? 0) + 1);
        const place = seen.get(message.sequence);
        expect(place ?? message.id, `seed ${seed}, message ${message.sequence}`).toBe(message.id);
        seen.set(message.sequence, message.id);
      }
    }

    async function finishSome() {
      for (let n = 0; n < 25; n++) expected.push(...orderOf([await turns.finishedTurn(id)]));
    }
    async function saveNowAndThen() {
      for (let n = 0; n < 15; n++) {
        await Promise.all(Array.from({ length: 1 + random(2) }, () => turns.saveShard(shardOf(id))));
      }
    }
    async function readAllTheTime() {
      for (let n = 0; n < 60; n++) await readSomewhere();
    }
    await Promise.all([finishSome(), saveNowAndThen(), readAllTheTime(), readAllTheTime()]);
    await turns.saveShard(shardOf(id));
    expect(await turns.savedOrder(id)).toEqual(expected);
  });
});

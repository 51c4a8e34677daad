import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ownerKeyOf } from '../../src/modules/search/domain/message-place.js';
import { countPostings, indexOf, TestSearcher, untilIndexed } from '../factories/search.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestWorker } from '../factories/test-worker.js';
import { TestTurns } from '../factories/turns.js';
import { bearer } from '../factories/users.js';

describe('searching messages', () => {
  let test: TestApp;
  let worker: INestApplicationContext;
  let turns: TestTurns;
  let searcher: TestSearcher;
  beforeAll(async () => {
    test = await createTestApp();
    worker = await createTestWorker(test.environment);
    turns = new TestTurns(test);
  });
  beforeEach(async () => {
    searcher = await TestSearcher.create(test, turns);
  });
  afterAll(async () => {
    await turns.close();
    await worker.close();
    await test.close();
  });

  async function said(...texts: string[]) {
    const turn = await searcher.say(texts);
    await untilIndexed(turns, [turn]);
    return turn;
  }

  it('finds what a user asked and what was answered', async () => {
    const turn = await searcher.say(['Which <lock> is safest?'], 'The safest lock is one that is "shut".');
    await untilIndexed(turns, [turn]);
    const { status, items, next_cursor } = await searcher.search('safest lock');
    expect(status).toBe(200);
    expect(next_cursor).toBeNull();
    const [question, answer] = turn.messages;
    const shared = {
      conversation_id: searcher.conversationId,
      conversation_title: 'of a test',
      turn_id: turn.id,
      score: null,
    };
    expect(items).toEqual([
      {
        ...shared,
        message_id: answer!.id,
        role: 'assistant',
        created_at: answer!.created_at,
        snippet: 'The <mark>safest</mark> <mark>lock</mark> is one that is &quot;shut&quot;.',
      },
      {
        ...shared,
        message_id: question!.id,
        role: 'user',
        created_at: question!.created_at,
        snippet: 'Which &lt;<mark>lock</mark>&gt; is <mark>safest</mark>?',
      },
    ]);
  });

  it.each([
    ['AI', ['Is AI maintained?'], ['it is maintained']],
    ['机器学习', ['我在学机器学习'], ['学习机器', '机器 学习']],
    ['学', ['我在学机器'], ['机器']],
    ['GPT4 模型', ['这个模型是GPT4'], ['这个模型是GPT']],
    ['"release notes"', ['The Release Notes, please'], ['notes on the release']],
    ['"重置 API 密码"', ['怎样重置 API 密码呢'], ['重置密码的 API']],
    ['ｃａｆｅ\u0301', ['un CAFÉ noir'], ['un cafe noir']],
  ])('finds %s in %j and not in %j', async (q, having, lacking) => {
    await said(...having, ...lacking);
    const { items } = await searcher.search(q);
    expect(items.map(({ snippet }) => snippet.replace(/<\/?mark>/g, ''))).toEqual(having);
  });

  it('shows the newest first, whatever was indexed first', async () => {
    const older = turns.answered(
      turns.turn(searcher.conversationId, { owner_id: searcher.user.id, messages: [] }),
      'needle of yesterday',
    );
    older.messages[0]!.created_at = new Date(Date.now() - 86_400_000).toISOString();
    await said('needle of today');
    await turns.start({ ...older, status: 'running', finished_at: null });
    await turns.finish(older);
    await untilIndexed(turns, [older]);
    expect(await searcher.snippets('needle')).toEqual([
      '<mark>needle</mark> of today',
      '<mark>needle</mark> of yesterday',
    ]);
  });

  it('never finds what somebody else said', async () => {
    const other = await TestSearcher.create(test, turns);
    const theirs = await other.say(['the secret needle']);
    await untilIndexed(turns, [theirs]);
    await said('my own needle');
    expect(await searcher.snippets('needle')).toEqual(['my own <mark>needle</mark>']);
    expect(await searcher.snippets('the secret needle')).toEqual([]);
    const alike = await searcher.search('the secret needle', { mode: 'semantic' });
    expect(alike.items.map(({ conversation_id }) => conversation_id)).toEqual([searcher.conversationId]);
  });

  it('never finds it even if both had the same key in the index', async () => {
    const other = await TestSearcher.create(test, turns);
    const theirs = await other.say(['the secret needle']);
    await untilIndexed(turns, [theirs]);
    for (const table of ['message_index', 'message_terms']) {
      await turns.transactions.single.query(`UPDATE ${table} SET owner_key = ? WHERE owner_key = ?`, [
        ownerKeyOf(searcher.user.id),
        ownerKeyOf(other.user.id),
      ]);
    }
    for (const mode of ['exact', 'semantic']) {
      expect(await searcher.search('secret needle', { mode })).toMatchObject({ status: 200, items: [] });
    }
  });

  it('walks through all hits without a gap or a repeat', async () => {
    const said = [];
    for (let n = 0; n < 4; n++) {
      const texts = Array.from({ length: 30 }, (_, index) => `needle ${n * 30 + index} 大海捞针`);
      said.push(await searcher.say([...texts, 'hay']));
    }
    await untilIndexed(turns, said);
    const needles = said.flatMap(({ messages }) =>
      messages.filter(({ content }) => content.startsWith('needle')).map(({ id }) => id),
    );
    for (const q of ['needle', '捞针']) {
      const found: string[] = [];
      const sizes: number[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page = await searcher.search(q, { limit: '25', ...(cursor && { cursor }) });
        expect(page.status).toBe(200);
        found.push(...page.items.map((item) => item.message_id));
        sizes.push(page.items.length);
        cursor = page.next_cursor;
      }
      expect(sizes).toEqual([25, 25, 25, 25, 20]);
      expect(found).toEqual(needles.toReversed());
    }
  });

  it('walks on where one request has read as much as it may', async () => {
    // All have the characters and their pairs, and none but the first said the run as it is.
    const turn = await searcher.say(['机器学习', ...Array.from({ length: 450 }, () => '器学习，机器学')]);
    await untilIndexed(turns, [turn]);
    const first = await searcher.search('机器学习');
    expect(first.items).toEqual([]);
    expect(first.next_cursor).not.toBeNull();
    const second = await searcher.search('机器学习', { cursor: first.next_cursor! });
    expect(second.items.map(({ snippet }) => snippet)).toEqual(['<mark>机器学习</mark>']);
    expect(second.next_cursor).toBeNull();
  });

  it.each([
    ['🎉', 200, 0],
    ['%', 200, 0],
    ['_', 200, 0],
    [`"'`, 200, 0],
    [`needle' OR '1'='1`, 200, 0],
    ['needle"', 200, 1],
    ['needle%', 200, 1],
    ['needle\\', 200, 1],
    ['needle \u0000', 200, 1],
    ['needle 🎉', 200, 1],
    ['(needle)* +-~<>@', 200, 1],
    ['n'.repeat(200), 200, 0],
    ['针'.repeat(200), 200, 0],
    ['😀'.repeat(200), 200, 0],
    [Array.from({ length: 100 }, (_, index) => String.fromCodePoint(0x4e00 + index * 7)).join(' '), 200, 0],
  ])('takes %j for words: %i', async (q, status, count) => {
    await said('one needle');
    for (const mode of ['exact', 'semantic']) {
      const answer = await searcher.search(q, { mode });
      expect(answer.status).toBe(status);
      if (mode === 'exact') expect(answer.items).toHaveLength(count);
    }
  });

  it.each([
    ['q', { q: '' }],
    ['q', { q: '   ' }],
    ['q', { q: 'x'.repeat(201) }],
    ['q', { q: '😀'.repeat(201) }],
    ['mode', { q: 'x', mode: 'fuzzy' }],
    ['limit', { q: 'x', limit: '0' }],
    ['limit', { q: 'x', limit: '51' }],
    ['cursor', { q: 'x', cursor: 'x' }],
    ['cursor', { q: 'x', cursor: Buffer.from('["-1"]').toString('base64url') }],
    ['cursor', { q: 'x', cursor: Buffer.from('["1"]').toString('base64url'), mode: 'semantic' }],
  ])('refuses a bad %s', async (param, { q, ...options }) => {
    expect(await searcher.search(q, options)).toMatchObject({ status: 422, code: 'invalid_request', param });
  });

  it('refuses a request without q, and is no conversation of the name "search"', async () => {
    const answer = await test.app.inject({
      url: '/api/conversations/search',
      headers: { authorization: `Bearer ${searcher.user.apiKey}` },
    });
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: 'invalid_request', param: 'q' });
  });

  it('reads a cursor beyond every message', async () => {
    await said('one needle');
    const cursor = Buffer.from('["99999999999999999999"]').toString('base64url');
    expect((await searcher.search('needle', { cursor })).items).toHaveLength(1);
  });

  it('wants the right to read conversations', async () => {
    const answer = await test.app.inject({ url: '/api/conversations/search?q=x' });
    expect(answer.statusCode).toBe(401);
  });

  it('finds what is alike, the most alike first', async () => {
    await said(
      '今天上海的天气很好，适合散步',
      '我忘了登录密码，想重置密码',
      'how can I reset the password of my account',
      'apple pie with cinnamon',
    );
    const chinese = await searcher.search('怎样重置我的登录密码', { mode: 'semantic', limit: '1' });
    expect(chinese).toMatchObject({ status: 200, next_cursor: null });
    expect(chinese.items.map(({ snippet }) => snippet)).toEqual([
      '我忘了<mark>登录密码</mark>，想<mark>重置密码</mark>',
    ]);
    const english = await searcher.search('resetting a password', { mode: 'semantic' });
    expect(english.items[0]?.snippet).toBe('how can I reset the <mark>password</mark> of my account');
    const scores = english.items.map(({ score }) => score ?? 0);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    const same = await searcher.search('apple pie with cinnamon', { mode: 'semantic', limit: '1' });
    expect(same.items[0]?.score).toBeGreaterThan(0.99);
  });

  it('keeps nothing of a conversation that is erased', async () => {
    await said('a needle to forget');
    const url = `/api/conversations/${searcher.conversationId}`;
    const answer = await test.app.inject({ method: 'DELETE', url, headers: bearer(searcher.user.apiKey) });
    expect(answer.statusCode).toBe(204);
    expect(await indexOf(turns, searcher.conversationId)).toEqual([]);
    expect(await searcher.snippets('needle')).toEqual([]);
  });

  it('finds nothing of a deleted conversation while its index is still to be erased', async () => {
    await said('a needle to forget');
    expect(await searcher.snippets('needle')).toHaveLength(1);
    await turns.deleteRow(searcher.conversationId);
    expect(await indexOf(turns, searcher.conversationId)).not.toEqual([]);
    for (const mode of ['exact', 'semantic']) {
      expect(await searcher.search('needle', { mode })).toMatchObject({ status: 200, items: [] });
    }
  });

  it('has one posting for each term of a message', async () => {
    await said('to be or not to be 机器');
    const [row] = await indexOf(turns, searcher.conversationId);
    expect(await countPostings(turns, row!.owner_key)).toBe(4 + 3);
  });
});

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MessageReader } from '../../src/modules/conversation/reading/message-reader.service.js';
import { ExportRepository } from '../../src/modules/conversation/export/export.repository.js';
import { TurnKeeper } from '../../src/modules/conversation/index.js';
import { formatCoins } from '../../src/shared/money.js';
import { savedTurn, TestChatter } from '../factories/chat.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { TestTurns } from '../factories/turns.js';
import { bearer } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

interface ExportedTurn {
  id: string;
  status: string;
  cost: string;
  messages: { id: string; sequence: number; role: string; content: string; extra: unknown }[];
}

interface ExportedConversation {
  id: string;
  title: string;
  turns: ExportedTurn[];
}

interface ExportDocument {
  format: string;
  exported_at: string;
  conversations: ExportedConversation[];
}

const TURNS = 1_500;
/** Several pages. */
const SOME_TURNS = 400;
const CONTENT = 'x'.repeat(15_000);

describe('an export', () => {
  let test: TestApp;
  let turns: TestTurns;
  let chatter: TestChatter;
  let url: string;
  beforeAll(async () => {
    test = await createTestApp();
    await test.app.listen(0, '127.0.0.1');
    url = await test.app.getUrl();
    turns = new TestTurns(test);
  });
  beforeEach(async () => {
    chatter = await TestChatter.create(test);
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(async () => {
    await turns.close();
    await test.close();
  });

  const ask = (path: string, by = chatter) =>
    test.app.inject({ url: `/api/conversations/${path}`, headers: by.headers });
  const document = async (path: string): Promise<ExportDocument> => {
    const answer = await ask(path);
    expect(answer.statusCode).toBe(200);
    return answer.json();
  };
  const download = (path: string, signal?: AbortSignal) =>
    fetch(`${url}/api/conversations/${path}`, { headers: chatter.headers, ...(signal && { signal }) });
  const contents = ({ turns: all }: ExportedConversation) =>
    all.flatMap((turn) => turn.messages.map((message) => message.content));

  /** Saved turns whose answers have 15 kB, put there past the product because they are many. */
  async function longConversation(turnCount = SOME_TURNS): Promise<string> {
    const id = await turns.conversation(undefined, chatter.user.id);
    const now = new Date();
    const ids = Array.from({ length: turnCount }, () => randomUUID());
    for (let start = 0; start < turnCount; start += 250) {
      const some = ids.slice(start, start + 250);
      await turns.transactions.single.query(
        `INSERT INTO turns (id, conversation_id, owner_id, status, model, prompt_tokens, completion_tokens,
           usage_source, cost_micro_coins, started_at, finished_at, saved_at) VALUES ?`,
        [
          some.map((turn) => [
            turn,
            id,
            chatter.user.id,
            'complete',
            'local',
            1,
            1,
            'none',
            0,
            now,
            now,
            now,
          ]),
        ],
      );
      await turns.transactions.single.query(
        `INSERT INTO conversation_messages (id, conversation_id, turn_id, sequence, role, content, status, tokens,
           created_at) VALUES ?`,
        [
          some.flatMap((turn, n) => [
            [
              randomUUID(),
              id,
              turn,
              2 * (start + n) + 1,
              'user',
              `question ${start + n}`,
              'complete',
              1,
              now,
            ],
            [randomUUID(), id, turn, 2 * (start + n) + 2, 'assistant', CONTENT, 'complete', 1, now],
          ]),
        ],
      );
    }
    await turns.transactions.single.query('UPDATE conversations SET last_sequence = ? WHERE id = ?', [
      2 * turnCount,
      id,
    ]);
    return id;
  }

  it('of a conversation has all that is known of it, saved or not, as one JSON document', async () => {
    const parts = [
      { type: 'text', text: 'look: 你好 👨‍👩‍👧‍👦' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
    ];
    const first = await chatter.post({ model: 'local', messages: [{ role: 'user', content: parts }] });
    const { conversationId } = first;
    await turns.saveAll();
    const second = await chatter.say('second', 'local:fail_after=2', conversationId);
    const answer = await ask(`${conversationId}/export`);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': `attachment; filename="conversation-${conversationId}.json"`,
      'cache-control': 'no-store',
    });
    const exported: ExportDocument = answer.json();
    const messages = await chatter.get<{ items: { is_saved?: boolean; siblings?: unknown }[] }>(
      `/api/conversations/${conversationId}/messages`,
    );
    expect(exported).toMatchObject({
      format: 'lockkeeper.conversations.v1',
      conversations: [{ id: conversationId }],
    });
    const [conversation] = exported.conversations;
    const row = await savedTurn(test, first.turnId);
    const all = conversation?.turns.flatMap((turn) =>
      turn.messages.map((message) => ({ ...message, turn_id: turn.id })),
    );
    expect(all).toEqual(
      messages.items.map(({ is_saved: _saved, siblings: _siblings, ...message }) => message),
    );
    expect(all?.[0]?.extra).toEqual({ content: parts });
    expect(conversation?.turns).toMatchObject([
      {
        id: first.turnId,
        status: 'complete',
        model: 'local',
        cost: formatCoins(BigInt(row?.cost_micro_coins ?? 0)),
      },
      { id: second.turnId, status: 'failed', error_code: 'provider_failed', model: 'local:fail_after=2' },
    ]);
    // The same when all of it is saved.
    await turns.saveAll();
    const saved = await document(`${conversationId}/export?format=json`);
    expect(saved.conversations[0]?.turns).toEqual(conversation?.turns);
  });

  it('of all conversations has each of the caller once, and nobody else’s', async () => {
    const stranger = await TestChatter.create(test);
    await stranger.say('a secret of somebody else');
    const now = new Date();
    const rows = Array.from({ length: 205 }, (_, n) => [
      randomUUID(),
      chatter.user.id,
      `title ${n}`,
      now,
      now,
    ]);
    await turns.transactions.single.query(
      'INSERT INTO conversations (id, owner_id, title, created_at, last_activity_at) VALUES ?',
      [rows],
    );
    await chatter.say('saved');
    await turns.saveAll();
    await chatter.say('not saved');
    const answer = await ask('export');
    const day = new Date().toISOString().slice(0, 10);
    expect(answer.headers['content-disposition']).toBe(`attachment; filename="conversations-${day}.json"`);
    expect(answer.body).not.toContain('a secret of somebody else');
    const { conversations }: ExportDocument = answer.json();
    expect(new Set(conversations.map(({ id }) => id)).size).toBe(207);
    expect(conversations).toHaveLength(207);
    const said = conversations.flatMap(contents);
    expect(said).toEqual(expect.arrayContaining(['saved', 'not saved']));
    expect(said).toHaveLength(4);
    const nobody = await TestChatter.create(test);
    expect((await ask('export', nobody)).json()).toMatchObject({ conversations: [] });
  });

  it('as Markdown can be read, and no text in it breaks out of its place', async () => {
    const evil = '```\n\n### 99. assistant\n\nI never said that\n````\n<!-- ';
    const { conversationId } = await chatter.say(evil);
    await test.app.inject({
      method: 'PATCH',
      url: `/api/conversations/${conversationId}`,
      headers: chatter.headers,
      payload: { title: '# Plans\n## for *summer*' },
    });
    const answer = await ask(`${conversationId}/export?format=markdown`);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/markdown; charset=utf-8',
      'content-disposition': `attachment; filename="conversation-${conversationId}.md"`,
    });
    expect(answer.body).toContain('\n## \\# Plans \\#\\# for \\*summer\\*\n');
    expect(answer.body).toContain(`\n\`\`\`\`\`\n${evil}\n\`\`\`\`\`\n`);
    expect(answer.body).toMatch(/\n### 1\. user, 20\d\d-[^\n]+\n/);
    expect(answer.body).toMatch(/\n### 2\. assistant, 20\d\d-[^\n]+\n/);
    expect(answer.body).toMatch(/\nEnd of the export: 1 conversation\.\n$/);
    expect((await ask('export?format=markdown')).body).toContain(evil);
  });

  it('of somebody else’s conversation does not exist, and wants the scope', async () => {
    const stranger = await TestChatter.create(test);
    const { conversationId } = await chatter.say('mine');
    for (const format of ['json', 'markdown']) {
      const answer = await ask(`${conversationId}/export?format=${format}`, stranger);
      expect(answer.statusCode).toBe(404);
      expect(answer.json().code).toBe('conversation_not_found');
    }
    expect((await ask(`${randomUUID()}/export`)).statusCode).toBe(404);
    const key = await test.app.inject({
      method: 'POST',
      url: '/api/api-keys',
      headers: bearer(chatter.user.accessToken),
      payload: { name: 'k', scopes: ['chat'] },
    });
    for (const path of ['export', `${conversationId}/export`]) {
      const headers = bearer(key.json().api_key);
      const answer = await test.app.inject({ url: `/api/conversations/${path}`, headers });
      expect(answer.statusCode).toBe(403);
      expect((await test.app.inject({ url: `/api/conversations/${path}` })).statusCode).toBe(401);
    }
    expect((await ask('export?format=xml')).statusCode).toBe(422);
    expect((await ask('x/export')).statusCode).toBe(422);
  });

  it('of 3,000 messages is made page by page, as fast as it is read', async () => {
    const id = await longConversation(TURNS);
    const reader = test.app.get(MessageReader, { strict: false });
    const readAll = vi.spyOn(reader, 'readAll');
    const response = await download(`${id}/export`);
    // Nobody reads: what is made comes to a stop long before the end, with the buffers on the way full.
    let before = -1;
    await waitUntil('the export waits for its reader', async () => {
      const now = readAll.mock.calls.length;
      const isStill = now === before;
      before = now;
      if (!isStill) await delay(300);
      return isStill;
    });
    const pagesAhead = readAll.mock.calls.length;
    const exported = (await response.json()) as ExportDocument;
    const pages = readAll.mock.calls.length;
    expect(pagesAhead).toBeLessThan(pages / 2);
    for (const result of readAll.mock.results) {
      const { messages } = (await result.value) as { messages: { content: string }[] };
      expect(messages.length).toBeLessThanOrEqual(200);
      expect(messages.reduce((sum, { content }) => sum + content.length, 0)).toBeLessThanOrEqual(2_000_000);
    }
    const said = exported.conversations.flatMap(contents);
    expect(said).toHaveLength(2 * TURNS);
    expect(said.filter((text) => text !== CONTENT)).toEqual(
      Array.from({ length: TURNS }, (_, n) => `question ${n}`),
    );
    const sequences = exported.conversations.flatMap(({ turns: all }) =>
      all.flatMap((turn) => turn.messages.map(({ sequence }) => sequence)),
    );
    expect(sequences).toEqual(Array.from({ length: 2 * TURNS }, (_, n) => n + 1));
  });

  it('stops when its reader goes away, and more than two at once are refused', async () => {
    const id = await longConversation(TURNS);
    const leave = new AbortController();
    const running = await Promise.all([
      download(`${id}/export`, leave.signal),
      download('export', leave.signal),
    ]);
    expect(running.map(({ status }) => status)).toEqual([200, 200]);
    const refused = await ask(`${id}/export`);
    expect(refused.statusCode).toBe(429);
    expect(refused.json().code).toBe('too_many_exports');
    expect(refused.headers['retry-after']).toBe('10');
    const readAll = vi.spyOn(test.app.get(MessageReader, { strict: false }), 'readAll');
    leave.abort();
    await waitUntil(
      'there is room again',
      async () => (await ask(`${await emptyId()}/export`)).statusCode === 200,
    );
    const after = readAll.mock.calls.filter(([conversationId]) => conversationId === id).length;
    expect(after).toBeLessThan(5);
  });

  async function emptyId(): Promise<string> {
    return turns.conversation(undefined, chatter.user.id);
  }

  it.each(['json', 'markdown'])('as %s that fails in the middle is cut off', async (format) => {
    const id = await longConversation();
    const repository = test.app.get(ExportRepository, { strict: false });
    const findTurns = repository.findTurns.bind(repository);
    vi.spyOn(repository, 'findTurns')
      .mockImplementationOnce(findTurns)
      .mockRejectedValueOnce(new Error('The database has gone.'));
    const response = await download(`${id}/export?format=${format}`);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    vi.restoreAllMocks();
    // The slot is free again.
    expect((await ask(`${await emptyId()}/export`)).statusCode).toBe(200);
  });

  it('of a conversation that is deleted meanwhile is cut off too', async () => {
    const id = await longConversation();
    const repository = test.app.get(ExportRepository, { strict: false });
    const findTurns = repository.findTurns.bind(repository);
    vi.spyOn(repository, 'findTurns').mockImplementationOnce(async (ids) => {
      const found = await findTurns(ids);
      await test.app.inject({ method: 'DELETE', url: `/api/conversations/${id}`, headers: chatter.headers });
      return found;
    });
    const response = await download(`${id}/export`);
    await expect(response.text()).rejects.toThrow();
  });

  it('is refused when it cannot be told what waits to be saved', async () => {
    const { conversationId } = await chatter.say('not saved');
    const keeper = test.app.get(TurnKeeper, { strict: false });
    vi.spyOn(keeper, 'finishedTurns').mockResolvedValue({ turns: [], isAll: false });
    for (const path of [`${conversationId}/export`, 'export']) {
      const answer = await ask(path);
      expect(answer.statusCode).toBe(503);
      expect(answer.json().code).toBe('service_unavailable');
    }
  });

  it('has every turn whole while turns finish and are saved', async () => {
    const id = await turns.conversation(undefined, chatter.user.id);
    const said: string[] = [];
    let isDone = false;
    async function finishAndSave() {
      for (let n = 0; n < 30; n++) {
        const turn = await turns.finishedTurn(id, { owner_id: chatter.user.id });
        said.push(turn.id);
        if (n % 3 === 0) await turns.saveAll();
      }
      isDone = true;
    }
    async function exportAllTheTime() {
      while (!isDone) {
        const { conversations } = await document(`${id}/export`);
        const [conversation] = conversations;
        expect(conversation?.turns.map((turn) => turn.id)).toEqual(said.slice(0, conversation?.turns.length));
        for (const turn of conversation?.turns ?? []) expect(turn.messages).toHaveLength(2);
      }
    }
    await Promise.all([finishAndSave(), exportAllTheTime()]);
    const { conversations } = await document(`${id}/export`);
    expect(conversations[0]?.turns.map((turn) => turn.id)).toEqual(said);
  });
});

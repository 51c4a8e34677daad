import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Turn } from '../../src/modules/conversation/index.js';
import { type BranchItem, TestConversation } from '../factories/branches.js';
import { TestChatter } from '../factories/chat.js';
import { randomFrom } from '../factories/random.js';
import { createTcpProxy } from '../factories/tcp-proxy.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestRedis } from '../factories/test-redis.js';
import { TestTurns } from '../factories/turns.js';
import { waitUntil } from '../factories/wait.js';

describe('the branches of a conversation', () => {
  let test: TestApp;
  let turns: TestTurns;
  let chatter: TestChatter;
  let conversation: TestConversation;
  beforeAll(async () => {
    test = await createTestApp();
    turns = new TestTurns(test);
    chatter = await TestChatter.create(test);
  });
  beforeEach(async () => {
    conversation = await newConversation();
  });
  afterAll(async () => {
    await turns.close();
    await test.close();
  });

  async function newConversation(): Promise<TestConversation> {
    const id = await turns.conversation(undefined, chatter.user.id);
    return new TestConversation(test, chatter, turns, id);
  }

  /** A finished turn: `<name>?` and its answer `<name>!`, after a message if one is named. */
  async function turn(name: string, after?: string | null): Promise<Turn> {
    const { messages } = turns.turn(conversation.id);
    const fork = after === undefined ? null : { after_message_id: after === null ? null : idOf(after) };
    const finished = await turns.finishedTurn(
      conversation.id,
      { messages: messages.map((message) => ({ ...message, content: `${name}?` })), fork },
      `${name}!`,
    );
    for (const { id, content } of finished.messages) ids.set(content, id);
    return finished;
  }
  const ids = new Map<string, string>();
  const idOf = (content: string) => ids.get(content) ?? content;

  const said = (...names: string[]) => names.flatMap((name) => [`${name}?`, `${name}!`]);

  /**
   * 0: a b c
   * 1:   └ d e     (after a)
   * 2:     └ f     (after d)
   * 3: g           (after nothing)
   */
  async function grow() {
    await turn('a');
    await turn('b');
    await turn('c');
    await turn('d', 'a!');
    await turn('e');
    await turn('f', 'd!');
    await turn('g', null);
  }
  const paths = [said('a', 'b', 'c'), said('a', 'd', 'e'), said('a', 'd', 'f'), said('g')];

  async function expectTree() {
    expect(await conversation.contents()).toEqual(paths[3]);
    for (const [branch, path] of paths.entries()) {
      expect(await conversation.contents(branch)).toEqual(path);
      for (const limit of [1, 2, 3, 5]) {
        expect(await conversation.readAll('earlier', limit, branch)).toEqual(path);
        expect(await conversation.readAll('later', limit, branch)).toEqual(path);
      }
    }
  }

  it.each([
    ['waits to be saved', 0],
    ['is saved after its first turn', 1],
    ['is saved up to a fork', 3],
    ['is saved after a fork', 4],
    ['is saved', 7],
  ])('are paths that are paged both ways over their forks while the tree %s', async (_state, savedTurns) => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const afters: Record<string, string | null> = { d: 'a!', f: 'd!', g: null };
    for (const [index, name] of names.entries()) {
      if (index === savedTurns) await conversation.save();
      await turn(name, afters[name]);
    }
    if (savedTurns === names.length) await conversation.save();
    await expectTree();
    const unsaved = await Promise.all(paths.map((_path, branch) => conversation.items(`?branch=${branch}`)));
    const branches = await conversation.branches();
    await conversation.save();
    await expectTree();
    const saved = await Promise.all(paths.map((_path, branch) => conversation.items(`?branch=${branch}`)));
    expect(saved).toEqual(unsaved.map((items) => items.map((item) => ({ ...item, is_saved: true }))));
    expect(await conversation.branches()).toEqual(branches);
  });

  it.each(['saved', 'not saved'])('show the siblings of their messages on every page, %s', async (state) => {
    await grow();
    if (state === 'saved') await conversation.save();
    const group = (...names: [number, string][]) =>
      names.map(([branch, content]) => ({ branch, message_id: idOf(content) }));
    const expected = new Map([
      ['a?', group([0, 'a?'], [3, 'g?'])],
      ['g?', group([0, 'a?'], [3, 'g?'])],
      ['b?', group([0, 'b?'], [1, 'd?'])],
      ['d?', group([0, 'b?'], [1, 'd?'])],
      ['e?', group([1, 'e?'], [2, 'f?'])],
      ['f?', group([1, 'e?'], [2, 'f?'])],
    ]);
    for (const [branch, path] of paths.entries()) {
      for (let sequence = 0; sequence < 13; sequence++) {
        const cursor = Buffer.from(JSON.stringify(['after', sequence, branch])).toString('base64url');
        for (const item of await conversation.items(`?limit=2&cursor=${cursor}`)) {
          expect(item.siblings, `${item.content} on the path ${path.join(' ')}`).toEqual(
            expected.get(item.content) ?? [],
          );
        }
      }
    }
  });

  it('are listed with their forks and tips, page by page', async () => {
    const empty = await conversation.branches();
    expect(empty).toMatchObject([
      { branch: 0, parent_branch: null, fork_message_id: null, tip_message_id: null, is_active: true },
    ]);
    await grow();
    const unsaved = await conversation.branches();
    expect(unsaved).toMatchObject([
      { branch: 0, parent_branch: null, fork_message_id: null, tip_message_id: idOf('c!'), is_active: false },
      {
        branch: 1,
        parent_branch: 0,
        fork_message_id: idOf('a!'),
        fork_sequence: 2,
        tip_message_id: idOf('e!'),
      },
      {
        branch: 2,
        parent_branch: 1,
        fork_message_id: idOf('d!'),
        fork_sequence: 8,
        tip_message_id: idOf('f!'),
      },
      { branch: 3, parent_branch: 0, fork_message_id: null, tip_message_id: idOf('g!'), is_active: true },
    ]);
    await conversation.save();
    const listed: BranchItem[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const url: string = `/api/conversations/${conversation.id}/branches?limit=3${query}`;
      const page: { items: BranchItem[]; next_cursor: string | null } = await chatter.get(url);
      listed.push(...page.items);
      cursor = page.next_cursor;
    }
    expect(listed).toEqual(unsaved);
  });

  it('are switched by their number, and the next turn goes to the one that is active', async () => {
    await grow();
    await conversation.save();
    expect(await conversation.switchTo({ branch: 1 })).toMatchObject({
      status: 200,
      body: { branch: 1, is_active: true, tip_message_id: idOf('e!') },
    });
    expect((await conversation.branches()).filter(({ is_active }) => is_active)).toMatchObject([
      { branch: 1 },
    ]);
    expect(await conversation.contents()).toEqual(paths[1]);
    await turn('h');
    expect(await conversation.contents()).toEqual(said('a', 'd', 'e', 'h'));
    await conversation.save();
    expect(await conversation.contents()).toEqual(said('a', 'd', 'e', 'h'));
    expect(await conversation.contents(2)).toEqual(paths[2]);
    expect(await conversation.switchTo({ branch: 0 })).toMatchObject({ status: 200, body: { branch: 0 } });
    expect(await conversation.contents()).toEqual(paths[0]);
  });

  it('are switched by a message, to the newest through it', async () => {
    await grow();
    await conversation.save();
    const through: [string, number][] = [
      ['b?', 0],
      ['a?', 2],
      ['d!', 2],
      ['e?', 1],
      ['g!', 3],
    ];
    for (const [content, branch] of through) {
      expect(await conversation.switchTo({ message_id: idOf(content) })).toMatchObject({
        status: 200,
        body: { branch },
      });
      expect(await conversation.contents()).toEqual(paths[branch]);
    }
    await conversation.switchTo({ branch: 0 });
    await turn('h');
    await conversation.save();
    expect(await conversation.switchTo({ message_id: idOf('a!') })).toMatchObject({ body: { branch: 0 } });
  });

  it('are not switched while a turn runs or waits', async () => {
    await grow();
    const busy = { status: 409, body: { code: 'turn_in_progress' } };
    expect(await conversation.switchTo({ branch: 0 })).toMatchObject(busy);
    await conversation.save();
    const running = turns.turn(conversation.id);
    await turns.start(running);
    expect(await conversation.switchTo({ branch: 0 })).toMatchObject(busy);
    await turns.finish(turns.answered(running));
    expect(await conversation.switchTo({ branch: 0 })).toMatchObject(busy);
    await conversation.save();
    expect(await conversation.contents(3)).toHaveLength(4);
    expect(await conversation.switchTo({ branch: 0 })).toMatchObject({ status: 200 });
  });

  it('are not switched while a turn is about to be accepted', async () => {
    await grow();
    await conversation.save();
    const place = { conversationId: conversation.id, turnId: randomUUID() };
    expect(await turns.keeper.enter(place, chatter.user.id)).toBe('go');
    const busy = { status: 409, body: { code: 'turn_in_progress' } };
    expect(await conversation.switchTo({ branch: 0 })).toMatchObject(busy);
    await turns.keeper.withdraw(place);
    expect(await conversation.switchTo({ branch: 0 })).toMatchObject({ status: 200 });
    expect(await turns.keeper.enter(place, chatter.user.id)).toBe('go');
  });

  it('are switched though a turn that cannot be read is parked', async () => {
    await grow();
    const damaged = await turn('h');
    await turns.redis.hset(turns.turnsKey(conversation.id), damaged.id, 'not JSON');
    await conversation.save();
    expect(await conversation.switchTo({ branch: 0 })).toMatchObject({ status: 200 });
  });

  it('refuse to be read or switched where there is none', async () => {
    await grow();
    await conversation.save();
    const messages = `/api/conversations/${conversation.id}/messages`;
    expect(await chatter.get(`${messages}?branch=4`)).toMatchObject({
      status: 404,
      code: 'branch_not_found',
    });
    expect(await chatter.get(`${messages}?branch=x`)).toMatchObject({ status: 422 });
    const { earlier_cursor } = await conversation.page('?limit=1&branch=1');
    expect(await chatter.get(`${messages}?branch=2&cursor=${earlier_cursor}`)).toMatchObject({
      status: 422,
      param: 'branch',
    });
    const refused: [object, number, string][] = [
      [{ branch: 4 }, 404, 'branch_not_found'],
      [{ message_id: randomUUID() }, 404, 'message_not_found'],
      [{}, 422, 'invalid_request'],
      [{ branch: -1 }, 422, 'invalid_request'],
      [{ branch: 1, message_id: idOf('a!') }, 422, 'invalid_request'],
    ];
    for (const [payload, status, code] of refused) {
      expect(await conversation.switchTo(payload)).toMatchObject({ status, body: { code } });
    }
    expect(await conversation.contents()).toEqual(paths[3]);
  });

  it('of somebody else are not there', async () => {
    await grow();
    await conversation.save();
    const stranger = await TestChatter.create(test);
    const theirs = new TestConversation(test, stranger, turns, conversation.id);
    const absent = { status: 404, body: { code: 'conversation_not_found' } };
    expect(await theirs.switchTo({ branch: 0 })).toMatchObject(absent);
    expect(await theirs.switchTo({ message_id: idOf('a!') })).toMatchObject(absent);
    expect(await stranger.get(`/api/conversations/${conversation.id}/branches`)).toMatchObject(absent.body);
    expect(await stranger.get(`/api/conversations/${conversation.id}/messages?branch=1`)).toMatchObject(
      absent.body,
    );
    const own = await newConversation();
    expect(await own.switchTo({ message_id: idOf('a!') })).toMatchObject({
      status: 404,
      body: { code: 'message_not_found' },
    });
    expect(await conversation.contents()).toEqual(paths[3]);
  });

  it('keep a turn whose fork point is gone at the end of the active one', async () => {
    const other = conversation;
    await turn('x');
    await other.save();
    conversation = await newConversation();
    await turn('a');
    await conversation.save();
    await turn('b', randomUUID());
    // A message of another conversation is no fork point of this one.
    await turn('c', 'x!');
    const expected = said('a', 'b', 'c');
    expect(await conversation.contents()).toEqual(expected);
    await conversation.save();
    expect(await conversation.contents()).toEqual(expected);
    expect(await conversation.branches()).toHaveLength(1);
  });

  it('stay as they were read while turns fork, finish and are saved in many groups', async () => {
    const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 100_000);
    const random = randomFrom(seed);
    const names: string[] = [];
    const path = new Map<string, string[]>();
    let tip: string[] = [];
    for (let n = 0; n < 60; n++) {
      const name = `${conversation.id} ${n}`;
      const after = random(3) === 0 && names.length > 0 ? names[random(names.length)] : undefined;
      await turn(name, after === undefined ? undefined : `${after}!`);
      tip = [...(after === undefined ? tip : (path.get(after) ?? [])), ...said(name)];
      names.push(name);
      path.set(name, tip);
      if (random(4) === 0) await conversation.save();
      if (random(4) === 0) {
        expect(await conversation.contents(), `seed ${seed}`).toEqual(tip.slice(-50));
      }
    }
    await conversation.save();
    const branches = await conversation.branches();
    for (const { branch, tip_message_id } of branches) {
      const name = names.find((candidate) => idOf(`${candidate}!`) === tip_message_id) ?? '';
      expect(await conversation.readAll('earlier', 7, branch), `seed ${seed}`).toEqual(path.get(name));
    }
    expect(branches.length).toBeGreaterThan(1);
  });

  it('are deleted with their conversation', async () => {
    await grow();
    await conversation.save();
    await test.app.inject({
      method: 'DELETE',
      url: `/api/conversations/${conversation.id}`,
      headers: chatter.headers,
    });
    const sql = 'SELECT branch FROM conversation_branches WHERE conversation_id = ?';
    expect(await turns.transactions.single.query(sql, [conversation.id])).toEqual([]);
  });
});

it('a conversation branches while Redis is away, and is not switched, since turns may wait there', async () => {
  const redis = await createTcpProxy(await createTestRedis());
  const test = await createTestApp({
    LOCKKEEPER_REDIS_URL: redis.url,
    LOCKKEEPER_REDIS_COMMAND_TIMEOUT_MS: '400',
  });
  const turns = new TestTurns(test);
  const chatter = await TestChatter.create(test);
  const { conversationId } = await chatter.say('u1');
  const conversation = new TestConversation(test, chatter, turns, conversationId);
  await conversation.save();
  const u1 = await conversation.idOf('u1');
  await conversation.say('waits');
  const waits = await conversation.idOf('waits');
  await redis.cut();
  const unknown = { status: 503 };
  expect(await conversation.switchTo({ branch: 0 })).toMatchObject(unknown);
  expect(await conversation.edit(waits, 'x')).toMatchObject(unknown);
  expect(await conversation.edit(u1, 'u1 edited')).toMatchObject({ status: 200 });
  expect((await conversation.contents())[0]).toBe('u1 edited');
  await redis.restore();
  await waitUntil('Redis', async () => (await conversation.contents(0)).includes('waits'));
  await turns.saveAll();
  expect(await conversation.switchTo({ message_id: waits })).toMatchObject({
    status: 200,
    body: { branch: 0 },
  });
  expect((await conversation.contents()).at(2)).toBe('waits');
  expect((await conversation.contents(1))[0]).toBe('u1 edited');
  await turns.close();
  await test.close();
  await redis.cut();
});

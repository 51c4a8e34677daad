import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestWorker } from '../factories/test-worker.js';
import { orderOf, TestTurns } from '../factories/turns.js';
import { bearer, createUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const TOO_LONG = 'm'.repeat(200);

interface ParkedPage {
  items: Parked[];
  next_cursor: string | null;
}

interface Parked {
  conversation_id: string;
  turn_id: string;
  error: string;
  waiting_turns: number;
}

describe('a conversation with a turn that cannot be saved', () => {
  let test: TestApp;
  let turns: TestTurns;
  let operator: Record<string, string>;
  beforeAll(async () => {
    test = await createTestApp();
    turns = new TestTurns(test);
    operator = bearer((await createUser(test, { role: 'operator' })).apiKey);
  });
  afterAll(async () => {
    await turns.close();
    await test.close();
  });

  async function call(method: 'GET' | 'POST', path: string, payload?: object) {
    const answer = await test.app.inject({ method, url: `/api/admin/${path}`, headers: operator, payload });
    return { status: answer.statusCode, body: answer.json<ParkedPage>() };
  }

  async function findParked(conversationId: string): Promise<Parked | undefined> {
    for (let cursor = ''; ;) {
      const { body } = await call('GET', `parked-conversations?limit=2${cursor}`);
      const found = body.items.find((item) => item.conversation_id === conversationId);
      if (found || body.next_cursor === null) return found;
      cursor = `&cursor=${body.next_cursor}`;
    }
  }

  /** One that cannot be saved after one that can, with some behind it. */
  async function poisoned(shard: number, count = 3) {
    const id = await turns.conversation(shard);
    const before = await turns.finishedTurn(id);
    const poison = await turns.finishedTurn(id, { model: TOO_LONG });
    const behind = await turns.finishedTurns(id, count);
    return { id, before, poison, behind };
  }

  async function mend(turnId: string) {
    await turns.transactions.single.query(
      `UPDATE waiting_turns SET turn = REPLACE(turn, ?, 'mended') WHERE id = ?`,
      [TOO_LONG, turnId],
    );
  }

  it('is parked alone: the others go on, and what is behind it waits in order', async () => {
    const { id, before, poison, behind } = await poisoned(5, 150);
    const other = await turns.conversation(5);
    const beside = await turns.finishedTurns(other, 3);
    await turns.saveShard(5);
    expect(await turns.savedOrder(other)).toEqual(orderOf(beside));
    expect(await turns.savedOrder(id)).toEqual(orderOf([before]));
    expect(await findParked(id)).toMatchObject({ turn_id: poison.id, waiting_turns: behind.length + 1 });
    expect((await findParked(id))?.error).toContain('model');
    expect(await turns.keysOf(id)).toEqual([]);

    // What comes later waits behind it too, and is still not lost if the shard is saved again and again.
    behind.push(await turns.finishedTurn(id));
    await turns.saveShard(5);
    await turns.saveShard(5);
    expect(await turns.savedOrder(id)).toEqual(orderOf([before]));
    expect(await turns.saver.shardsWithWork()).not.toContain(5);

    await mend(poison.id);
    expect(await call('POST', `parked-conversations/${id}/retry`)).toMatchObject({ status: 200 });
    await turns.saveShard(5);
    expect(await turns.savedOrder(id)).toEqual(orderOf([before, poison, ...behind]));
    expect(await findParked(id)).toBeUndefined();
  });

  it('is parked again if it still cannot be saved when it is tried again', async () => {
    const { id, before, poison } = await poisoned(6);
    await turns.saveShard(6);
    await call('POST', `parked-conversations/${id}/retry`);
    await turns.saveShard(6);
    expect(await turns.savedOrder(id)).toEqual(orderOf([before]));
    expect(await findParked(id)).toMatchObject({ turn_id: poison.id });
  });

  it('goes on without the turn when an operator skips it with a reason, and the turn is kept', async () => {
    const { id, before, poison, behind } = await poisoned(7);
    await turns.saveShard(7);
    expect(await call('POST', `parked-conversations/${id}/skip`, { reason: '' })).toMatchObject({
      status: 422,
    });
    expect(await call('POST', `parked-conversations/${id}/skip`, { reason: 'too long' })).toMatchObject({
      status: 200,
      body: { skipped_turn_id: poison.id },
    });
    await turns.saveShard(7);
    expect(await turns.savedOrder(id)).toEqual(orderOf([before, ...behind]));
    const rows = await turns.transactions.single.query(
      'SELECT * FROM waiting_turns WHERE conversation_id = ?',
      [id],
    );
    expect(rows).toMatchObject([{ id: poison.id, state: 'skipped', skip_reason: 'too long' }]);
    expect(await turns.keeper.isUnknown(poison.id)).toBe(false);
    const url = `/api/admin/audit?subject_id=${id}`;
    const audit = await test.app.inject({ url, headers: operator });
    expect(audit.json()).toMatchObject({
      items: [{ action: 'conversation.turn_skipped', detail: { turn_id: poison.id } }],
    });
  });

  it.each([
    ['is not JSON', '{"id": "cut'],
    ['does not fit', '{"id": 1}'],
  ])('is parked too when a turn’s text in Redis %s, and keeps the text', async (_what, text) => {
    const id = await turns.conversation(4);
    const [first, damaged, last] = await turns.finishedTurns(id, 3);
    if (!first || !damaged || !last) throw new Error('Three turns were made.');
    await turns.redis.hset(turns.turnsKey(id), damaged.id, text);
    await turns.saveShard(4);
    expect(await turns.savedOrder(id)).toEqual(orderOf([first]));
    expect(await findParked(id)).toMatchObject({ turn_id: damaged.id });
    await call('POST', `parked-conversations/${id}/skip`, { reason: 'damaged' });
    await turns.saveShard(4);
    expect(await turns.savedOrder(id)).toEqual(orderOf([first, last]));
    const rows = await turns.transactions.single.query('SELECT turn FROM waiting_turns WHERE id = ?', [
      damaged.id,
    ]);
    expect(rows).toEqual([{ turn: text }]);
  });

  it('is told to be none when nothing is parked', async () => {
    const id = await turns.conversation();
    expect(await call('POST', `parked-conversations/${id}/retry`)).toMatchObject({
      status: 404,
      body: { code: 'conversation_not_parked' },
    });
    expect(await call('POST', `parked-conversations/${id}/skip`, { reason: 'none' })).toMatchObject({
      status: 404,
    });
  });

  it('is nobody’s business but the operators’', async () => {
    const headers = bearer((await createUser(test)).apiKey);
    for (const url of ['/api/admin/saves', '/api/admin/parked-conversations']) {
      expect((await test.app.inject({ url, headers })).statusCode).toBe(403);
    }
  });
});

it('operators see what waits in each shard and which workers save, and change how many shards at once', async () => {
  const test = await createTestApp();
  const turns = new TestTurns(test);
  const headers = bearer((await createUser(test, { role: 'operator' })).apiKey);
  const overview = async () => (await test.app.inject({ url: '/api/admin/saves', headers })).json<Overview>();
  await turns.finishedTurns(await turns.conversation(2), 4);
  const before = await overview();
  expect(before).toMatchObject({
    is_redis_away: false,
    shards_at_once: 8,
    parked_conversations: 0,
    workers: [],
  });
  expect(before.shards[2]).toMatchObject({ shard: 2, waiting: 4, waiting_in_database: 0, is_active: false });

  const worker = await createTestWorker(test.environment);
  await waitUntil('the save', async () => (await overview()).shards[2]?.waiting === 0);
  await waitUntil('the worker', async () => (await overview()).workers.length === 1);
  const change = (shards_at_once: number) =>
    test.app.inject({ method: 'PUT', url: '/api/admin/saves', headers, payload: { shards_at_once } });
  expect((await change(0)).statusCode).toBe(422);
  expect((await change(9)).statusCode).toBe(422);
  expect((await change(2)).statusCode).toBe(200);
  await waitUntil('the change', async () => (await overview()).workers[0]?.shards_at_once === 2);
  await worker.close();
  expect((await overview()).workers).toEqual([]);
  await turns.close();
  await test.close();
});

interface Overview {
  shards: { shard: number; waiting: number | null }[];
  workers: { shards_at_once: number }[];
}

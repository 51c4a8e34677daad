import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ErasureService, saveTurns } from '../../src/modules/conversation/index.js';
import { SaveTurnsHandler } from '../../src/modules/conversation/saving/save-turns.handler.js';
import { MessageReader } from '../../src/modules/conversation/reading/message-reader.service.js';
import { shardOf } from '../../src/modules/conversation/domain/shards.js';
import { JobQueue } from '../../src/platform/queue/index.js';
import { createTcpProxy } from '../factories/tcp-proxy.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestWorker } from '../factories/test-worker.js';
import { orderOf, TestTurns } from '../factories/turns.js';
import { waitUntil } from '../factories/wait.js';

describe('saving of turns', () => {
  let test: TestApp;
  let turns: TestTurns;
  beforeAll(async () => {
    test = await createTestApp();
    turns = new TestTurns(test);
  });
  afterAll(async () => {
    await turns.close();
    await test.close();
  });

  it('writes a conversation in the order in which its turns finished, and counts', async () => {
    const id = await turns.conversation();
    const first = turns.turn(id);
    const second = turns.turn(id);
    await turns.start(first);
    await turns.start(second);
    const finished = [turns.answered(second), turns.answered(first)];
    for (const turn of finished) await turns.finish(turn);
    await turns.saveShard(shardOf(id));

    expect(await turns.messages(id)).toMatchObject(
      finished.flatMap((turn, index) => [
        { turn_id: turn.id, sequence: 2 * index + 1, role: 'user' },
        { turn_id: turn.id, sequence: 2 * index + 2, role: 'assistant' },
      ]),
    );
    const [row] = await turns.transactions.single.query<Record<string, unknown>[]>(
      'SELECT * FROM conversations WHERE id = ?',
      [id],
    );
    const last_activity_at = new Date(finished[1]?.finished_at ?? 0);
    expect(row).toMatchObject({ message_count: 4, last_sequence: 4, total_tokens: '30', last_activity_at });
    expect(await turns.keysOf(id)).toEqual([]);
  });

  it('writes each turn once though savers overlap and jobs come twice', async () => {
    const ids = await Promise.all(Array.from({ length: 4 }, () => turns.conversation(3)));
    const expected = new Map(ids.map((id): [string, string[]] => [id, []]));
    for (let n = 0; n < 40; n++) {
      const id = ids[n % ids.length] ?? '';
      expected.get(id)?.push(...orderOf([await turns.finishedTurn(id)]));
    }
    const handler = new SaveTurnsHandler(turns.saver);
    const run = { jobId: 'save-3', attempt: 1, signal: new AbortController().signal };
    await Promise.all(Array.from({ length: 4 }, () => handler.handle({ shard: 3 }, run)));
    await handler.handle({ shard: 3 }, run);
    for (const id of ids) expect(await turns.savedOrder(id)).toEqual(expected.get(id));
  });

  it('leaves a turn alone that is handed in again after it was saved', async () => {
    const id = await turns.conversation();
    const turn = await turns.finishedTurn(id);
    await turns.saveShard(shardOf(id));
    await turns.start(turn);
    await turns.finish(turn);
    await turns.saveShard(shardOf(id));
    expect(await turns.savedOrder(id)).toEqual(orderOf([turn]));
    expect(await turns.keysOf(id)).toEqual([]);
  });

  it('wakes a saver for the first turn that waits, and only now and then for those that join it', async () => {
    const shard = 6;
    const id = await turns.conversation(shard);
    await turns.saveShard(shard);
    const enqueued = vi.spyOn(test.app.get(JobQueue), 'enqueue');
    const wakes = () =>
      enqueued.mock.calls.filter(([, payload]) => (payload as { shard: number }).shard === shard).length;
    const startedAt = performance.now();
    const finished = await turns.finishedTurns(id, 60);
    expect(wakes()).toBeGreaterThan(0);
    expect(wakes()).toBeLessThanOrEqual(1 + (performance.now() - startedAt) / 250);
    // The wake-up may have been lost.
    const before = wakes();
    await waitUntil('a turn that joins others wakes the saver', async () => {
      finished.push(await turns.finishedTurn(id));
      return wakes() > before;
    });
    await turns.saveShard(shard);
    const saved = wakes();
    finished.push(await turns.finishedTurn(id));
    await waitUntil('the first turn after a save wakes the saver', () => wakes() === saved + 1);
    await turns.saveShard(shard);
    expect(await turns.savedOrder(id)).toEqual(orderOf(finished));
    enqueued.mockRestore();
  });

  it('writes more turns than fit one transaction', async () => {
    const id = await turns.conversation();
    const finished = await turns.finishedTurns(id, 250);
    await turns.saveShard(shardOf(id));
    expect(await turns.savedOrder(id)).toEqual(orderOf(finished));
  });

  it('writes long answers and big attachments that together are more than one packet', async () => {
    const id = await turns.conversation();
    const long = await turns.finishedTurn(id, {}, 'ä'.repeat(2_500_000));
    const image = { content: [{ type: 'image_url', image_url: { url: `data:${'A'.repeat(3_000_000)}` } }] };
    const finished = [long];
    for (let n = 0; n < 7; n++) {
      const { messages } = turns.turn(id);
      const withImage = messages.map((message) => ({ ...message, extra: image }));
      finished.push(await turns.finishedTurn(id, { messages: withImage }));
    }
    await turns.saveShard(shardOf(id));
    expect(await turns.savedOrder(id)).toEqual(orderOf(finished));
    expect((await turns.messages(id))[1]?.content).toHaveLength(2_500_000);
  });

  it.each([
    ['is nested deep', { tree: JSON.parse(`${'['.repeat(60)}${']'.repeat(60)}`) as unknown }],
    ['is half a character', { name: 'cut \ud83d' }],
    ['is a zero byte', { name: '\0', '\0': 1 }],
  ])('writes what a message has besides its text though it %s', async (_what, extra) => {
    const id = await turns.conversation();
    const { messages } = turns.turn(id);
    await turns.finishedTurn(id, { messages: messages.map((message) => ({ ...message, extra })) });
    await turns.saveShard(shardOf(id));
    const page = await test.app.get(MessageReader, { strict: false }).readPage(id, { kind: 'latest' }, 1);
    const before = await test.app.get(MessageReader, { strict: false }).readPage(id, { kind: 'latest' }, 2);
    expect(page.messages[0]).toMatchObject({ role: 'assistant', is_saved: true });
    expect(before.messages[0]?.extra).toEqual(extra);
  });

  it('drops the turns of a conversation that was deleted', async () => {
    const ownerId = randomUUID();
    const id = await turns.conversation(undefined, ownerId);
    await turns.finishedTurns(id, 3);
    await test.app.get(ErasureService).eraseConversation({ kind: 'user', id: ownerId }, ownerId, id);
    await turns.saveShard(shardOf(id));
    expect(await turns.messages(id)).toEqual([]);
    expect(await turns.keysOf(id)).toEqual([]);
  });

  it('saves a finished turn itself when Redis has lost it', async () => {
    const id = await turns.conversation();
    const turn = turns.turn(id);
    await turns.start(turn);
    await turns.redis.del(...(await turns.keysOf(id)));
    await turns.redis.zrem(`{lockkeeper-saves-${shardOf(id)}}:running`, `${id}:${turn.id}`);
    await turns.finish(turns.answered(turn));
    const reader = test.app.get(MessageReader, { strict: false });
    expect((await reader.readPage(id, { kind: 'latest' }, 10)).messages).toHaveLength(2);
    await turns.saveShard(shardOf(id));
    expect(await turns.savedOrder(id)).toHaveLength(2);
  });

  it('does not let a turn that another has ended overtake those before it', async () => {
    const id = await turns.conversation();
    const earlier = await turns.finishedTurn(id);
    const turn = turns.turn(id);
    await turns.start(turn);
    const swept = turns.answered(turn, 'as it was swept');
    expect(await turns.keeper.endAbandoned({ turn, pieces: [], place: turns.store }, swept)).toBe(true);
    await turns.finish(turns.answered(turn, 'as its process has it'));
    expect(await turns.savedOrder(id)).toEqual([]);
    await turns.saveShard(shardOf(id));
    expect(await turns.savedOrder(id)).toEqual(orderOf([earlier, swept]));
    expect((await turns.messages(id)).at(-1)?.content).toBe('as it was swept');
  });
});

it('a worker that lost MySQL saves what waits by itself when MySQL is back', async () => {
  const test = await createTestApp();
  const turns = new TestTurns(test);
  const mysql = await createTcpProxy(test.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
  const worker = await createTestWorker({ ...test.environment, LOCKKEEPER_DATABASE_URL: mysql.url });
  const jobs = worker.get(JobQueue);
  await mysql.cut();
  const id = await turns.conversation();
  const finished = await turns.finishedTurns(id, 3);
  await waitUntil('a save that failed', async () => (await jobs.depth(saveTurns.queue)).delayed > 0);
  expect(await turns.savedOrder(id)).toEqual([]);
  await mysql.restore();
  await waitUntil('the save', async () => (await turns.savedOrder(id)).length === 6);
  expect(await turns.savedOrder(id)).toEqual(orderOf(finished));
  await worker.close();
  await turns.close();
  await mysql.cut();
  await test.close();
});

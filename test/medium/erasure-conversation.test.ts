import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { TurnAccounting } from '../../src/modules/chat/turn-accounting.js';
import { ReconciliationService } from '../../src/modules/coin-account/index.js';
import { shardOf } from '../../src/modules/conversation/domain/shards.js';
import { Erasers } from '../../src/modules/conversation/index.js';
import { ErasureRepository } from '../../src/modules/conversation/erasure/erasure.repository.js';
import { TestChatter } from '../factories/chat.js';
import { columnsWith, keysWith, TestErasures } from '../factories/erasures.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { TestTurns } from '../factories/turns.js';
import { waitUntil } from '../factories/wait.js';

describe('the erasure of a conversation', () => {
  let test: TestApp;
  let turns: TestTurns;
  let erasures: TestErasures;
  let chatter: TestChatter;
  const eraser = vi.fn<(conversationId: string) => Promise<void>>(async () => undefined);
  beforeAll(async () => {
    test = await createTestApp();
    await test.app.listen(0, '127.0.0.1');
    turns = new TestTurns(test);
    erasures = new TestErasures(test);
    test.app.get(Erasers).register('of a test', { eraseConversation: eraser });
  });
  beforeEach(async () => {
    chatter = await TestChatter.create(test);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    eraser.mockReset().mockResolvedValue(undefined);
  });
  afterAll(async () => {
    await turns.close();
    await test.close();
  });

  const erase = async (id: string, by = chatter) =>
    (await test.app.inject({ method: 'DELETE', url: `/api/conversations/${id}`, headers: by.headers }))
      .statusCode;

  async function rowsOf(conversationId: string): Promise<{ messages: number; turns: number }> {
    const count = async (table: string) => {
      const rows: { n: string }[] = await turns.transactions.single.query(
        `SELECT COUNT(*) AS n FROM ${table} WHERE conversation_id = ?`,
        [conversationId],
      );
      return Number(rows[0]?.n);
    };
    return { messages: await count('conversation_messages'), turns: await count('turns') };
  }

  /** Saved turns of two messages, put there past the product because they are many. */
  async function longConversation(turnCount: number): Promise<string> {
    const id = await turns.conversation(undefined, chatter.user.id);
    const now = new Date();
    const ids = Array.from({ length: turnCount }, () => randomUUID());
    await turns.transactions.single.query(
      `INSERT INTO turns (id, conversation_id, owner_id, status, model, prompt_tokens, completion_tokens, usage_source,
         cost_micro_coins, started_at, finished_at, saved_at) VALUES ?`,
      [ids.map((turn) => [turn, id, chatter.user.id, 'complete', 'local', 1, 1, 'none', 0, now, now, now])],
    );
    await turns.transactions.single.query(
      `INSERT INTO conversation_messages (id, conversation_id, turn_id, sequence, role, content, status, tokens,
         created_at) VALUES ?`,
      [
        ids.flatMap((turn, n) => [
          [randomUUID(), id, turn, 2 * n + 1, 'user', 'question', 'complete', 1, now],
          [randomUUID(), id, turn, 2 * n + 2, 'assistant', 'answer', 'complete', 1, now],
        ]),
      ],
    );
    return id;
  }

  it('is whole when an ordinary one is answered, and closed by a worker', async () => {
    const marker = `marker-${randomUUID()}`;
    const { conversationId, turnId } = await chatter.say(marker);
    await turns.saveAll();
    await chatter.say(`${marker} again`, 'local', conversationId);
    expect(await columnsWith(turns.transactions, marker)).toEqual([
      'conversation_messages.content',
      'conversations.title',
    ]);
    expect(await keysWith(turns.redis, marker)).not.toEqual([]);
    expect(await erase(conversationId)).toBe(204);
    expect(await columnsWith(turns.transactions, marker)).toEqual([]);
    expect(await keysWith(turns.redis, marker)).toEqual([]);
    expect(await turns.keysOf(conversationId)).toEqual([]);
    expect(await turns.service.findUnknownTurns([turnId])).toEqual([]);
    expect(eraser).toHaveBeenCalledWith(conversationId);
    expect(await erasures.of(conversationId)).toMatchObject({
      kind: 'conversation',
      owner_id: chatter.user.id,
      requested_by: chatter.user.id,
      attempts: 0,
      finished_at: null,
    });
    await erasures.sweep();
    expect((await erasures.of(conversationId))?.finished_at).toBeInstanceOf(Date);
    expect(await erase(conversationId)).toBe(404);
  });

  it('is finished by another process if the one that began it dies in the middle', async () => {
    const id = await longConversation(2_300);
    const repository = test.app.get(ErasureRepository, { strict: false });
    const eraseSome = repository.eraseSomeMessages.bind(repository);
    const neverReturns = Promise.withResolvers<boolean>();
    const cutOff = vi
      .spyOn(repository, 'eraseSomeMessages')
      .mockImplementationOnce(eraseSome)
      .mockReturnValueOnce(neverReturns.promise);
    const answer = erase(id);
    await waitUntil('the process is in the middle', () => cutOff.mock.calls.length === 2);
    expect(await rowsOf(id)).toEqual({ messages: 2_600, turns: 2_300 });
    const read = await test.app.inject({ url: `/api/conversations/${id}`, headers: chatter.headers });
    expect(read.statusCode).toBe(404);

    const neighbour = await createTestApp(test.environment);
    try {
      const others = new TestErasures(neighbour);
      await others.sweepOnce();
      // The process that began it might still be at it.
      expect(await rowsOf(id)).toEqual({ messages: 2_600, turns: 2_300 });
      await erasures.makeAllDue();
      await others.sweepOnce();
      expect(await rowsOf(id)).toEqual({ messages: 0, turns: 0 });
      expect((await erasures.of(id))?.finished_at).toBeInstanceOf(Date);
    } finally {
      await neighbour.close();
    }
    neverReturns.resolve(false);
    expect(await answer).toBe(204);
  });

  it('goes on where a worker died, and is done once by several workers', async () => {
    const id = await longConversation(30);
    const repository = test.app.get(ErasureRepository, { strict: false });
    vi.spyOn(repository, 'eraseSomeMessages').mockRejectedValueOnce(new Error('The database has gone.'));
    expect(await erase(id)).toBe(204);
    expect(await rowsOf(id)).toEqual({ messages: 60, turns: 30 });
    await erasures.makeAllDue();
    // One that took it and died.
    expect(await repository.claimDue(100, 60_000)).toContainEqual(expect.objectContaining({ subjectId: id }));
    await erasures.sweepOnce();
    expect(await rowsOf(id)).toEqual({ messages: 60, turns: 30 });
    await erasures.makeAllDue();
    await Promise.all([erasures.sweepOnce(), new TestErasures(test).sweepOnce()]);
    expect(await rowsOf(id)).toEqual({ messages: 0, turns: 0 });
    expect(await erasures.of(id)).toMatchObject({ attempts: 2, finished_at: expect.any(Date) });
  });

  it('is not finished until every module has erased its part, and holds up no other meanwhile', async () => {
    const stuck = await turns.conversation(undefined, chatter.user.id);
    const other = await turns.conversation(undefined, chatter.user.id);
    eraser.mockImplementation(async (id) => {
      if (id === stuck) throw new Error('The index does not answer.');
    });
    expect(await erase(stuck)).toBe(204);
    expect(await erase(other)).toBe(204);
    await erasures.sweep();
    expect((await erasures.of(other))?.finished_at).toBeInstanceOf(Date);
    expect(await erasures.of(stuck)).toMatchObject({ attempts: 3, finished_at: null });
    eraser.mockResolvedValue(undefined);
    await erasures.sweepOnce();
    expect((await erasures.of(stuck))?.finished_at, 'tried again at once').toBeNull();
    await erasures.sweep();
    expect((await erasures.of(stuck))?.finished_at).toBeInstanceOf(Date);
  });

  it('lets a running turn end and charges it as usual, and nothing of it is left', async () => {
    const marker = `marker-${randomUUID()}`;
    const stream = await chatter.stream(marker, 'local:tokens=8,delay_ms=150');
    const { conversationId, turnId } = stream;
    await stream.until('"content":"');
    expect(await erase(conversationId)).toBe(204);
    await erasures.sweep();
    expect((await erasures.of(conversationId))?.finished_at, 'while the turn runs').toBeNull();
    expect((await stream.rest()).at(-1)).toBe('[DONE]');

    await turns.saveAll();
    await erasures.sweep();
    expect((await erasures.of(conversationId))?.finished_at).toBeInstanceOf(Date);
    expect(await columnsWith(turns.transactions, marker)).toEqual([]);
    expect(await keysWith(turns.redis, marker)).toEqual([]);
    expect(await turns.keysOf(conversationId)).toEqual([]);
    const { account, holds } = await chatter.books();
    expect(account.frozen).toBe(0n);
    expect(holds).toMatchObject([{ id: turnId, status: 'settled' }]);
    expect(holds[0]?.settledAmount).toBeGreaterThan(0n);
    expect(await turns.service.findUnknownTurns([turnId])).toEqual([]);
    expect(await test.app.get(ReconciliationService).reconcile()).toMatchObject({ isClean: true });
  });

  it('takes a turn that ended before its save with it, worker or not', async () => {
    const marker = `marker-${randomUUID()}`;
    const { conversationId, turnId } = await chatter.say(marker);
    expect(await erase(conversationId)).toBe(204);
    expect(await keysWith(turns.redis, marker)).toEqual([]);
    await turns.saveAll();
    expect(await columnsWith(turns.transactions, marker)).toEqual([]);
    expect(await turns.service.findUnknownTurns([turnId])).toEqual([]);
  });

  it('leaves nothing of a turn whose process died', async () => {
    const accounting = test.app.get(TurnAccounting, { strict: false });
    const id = await turns.conversation(undefined, chatter.user.id);
    const turn = turns.turn(id, { owner_id: chatter.user.id });
    await accounting.hold(chatter.user.id, turn.id, 1_000_000n);
    await turns.start(turn);
    await turns.note(turn, 'as far as it had come');
    expect(await erase(id)).toBe(204);
    await erasures.sweep();
    expect(await turns.keysOf(id)).not.toEqual([]);
    await turns.makeAllOverdue();
    await turns.sweeper().sweep();
    await turns.saveAll();
    await erasures.sweep();
    expect(await turns.keysOf(id)).toEqual([]);
    expect((await erasures.of(id))?.finished_at).toBeInstanceOf(Date);
    const { account, holds } = await chatter.books();
    expect(account.frozen).toBe(0n);
    expect(holds[0]?.settledAmount).toBeGreaterThan(0n);
  });

  it('erases texts too that were set aside because they cannot be read', async () => {
    const id = await turns.conversation(undefined, chatter.user.id);
    const damaged = await turns.finishedTurn(id);
    await turns.redis.hset(turns.turnsKey(id), damaged.id, '{"content": "cut');
    await turns.saveShard(shardOf(id));
    expect(await turns.waitingRows(id)).toHaveLength(1);
    expect(await erase(id)).toBe(204);
    expect(await turns.waitingRows(id)).toEqual([]);
    expect(await turns.keysOf(id)).toEqual([]);
    expect(await turns.service.findUnknownTurns([damaged.id])).toEqual([]);
  });

  it('is refused for somebody else’s, and leaves no trace', async () => {
    const stranger = await TestChatter.create(test);
    const { conversationId } = await chatter.say('mine');
    await turns.saveAll();
    expect(await erase(conversationId, stranger)).toBe(404);
    expect(await rowsOf(conversationId)).toEqual({ messages: 2, turns: 1 });
    expect(await erasures.of(conversationId)).toBeUndefined();
    expect(await columnsWith(turns.transactions, conversationId)).not.toContain('audit_log.subject_id');
  });

  it('is not begun if it cannot be written down', async () => {
    const { conversationId } = await chatter.say('still there');
    const repository = test.app.get(ErasureRepository, { strict: false });
    vi.spyOn(repository, 'insert').mockRejectedValueOnce(new Error('No room on the disk.'));
    expect(await erase(conversationId)).toBe(500);
    expect(await chatter.messages(conversationId)).toHaveLength(2);
    expect(await erasures.of(conversationId)).toBeUndefined();
  });

  it('is answered though a module takes long over its part, and remembered for a month', async () => {
    const id = await turns.conversation(undefined, chatter.user.id);
    const slow = Promise.withResolvers<void>();
    eraser.mockReturnValueOnce(slow.promise);
    expect(await erase(id)).toBe(204);
    slow.resolve();
    await erasures.sweep();
    expect((await erasures.of(id))?.finished_at).toBeInstanceOf(Date);
    const age = (days: number) =>
      turns.transactions.single.query(
        'UPDATE erasures SET finished_at = UTC_TIMESTAMP(3) - INTERVAL ? DAY WHERE subject_id = ?',
        [days, id],
      );
    await age(29);
    await erasures.sweepOnce();
    expect(await erasures.of(id)).toBeDefined();
    await age(31);
    await erasures.sweepOnce();
    expect(await erasures.of(id)).toBeUndefined();
  });

  it('takes back a conversation whose first turn was refused, without a word in the audit', async () => {
    const id = await turns.conversation(undefined, chatter.user.id);
    await turns.service.withdrawConversation(chatter.user.id, id);
    expect(await columnsWith(turns.transactions, id)).toEqual([]);
    const { conversationId } = await chatter.say('heard of');
    await turns.saveAll();
    await turns.service.withdrawConversation(chatter.user.id, conversationId);
    expect(await chatter.messages(conversationId)).toHaveLength(2);
  });
});

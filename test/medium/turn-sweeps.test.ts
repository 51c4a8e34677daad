import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CoinAccountService } from '../../src/modules/coin-account/index.js';
import { TurnAccounting } from '../../src/modules/chat/turn-accounting.js';
import { TurnMetrics } from '../../src/modules/chat/turn-metrics.js';
import { TurnRunner } from '../../src/modules/chat/turn-runner.service.js';
import { TurnSweeper } from '../../src/modules/chat/turn-sweeper.js';
import { countTokens } from '../../src/modules/provider/index.js';
import { Clock } from '../../src/shared/clock.js';
import { TestChatter, type TurnRow } from '../factories/chat.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { TestTurns } from '../factories/turns.js';
import { waitUntil } from '../factories/wait.js';

const HELD = 1_000_000n;
const PARTIAL = 'as far as the answer had come';
const PROMPT_COST = 10n;

describe('the sweep of turns whose process has died', () => {
  let test: TestApp;
  let turns: TestTurns;
  let accounting: TurnAccounting;
  beforeAll(async () => {
    test = await createTestApp();
    turns = new TestTurns(test);
    accounting = test.app.get(TurnAccounting, { strict: false });
  });
  afterAll(async () => {
    await turns.close();
    await test.close();
  });

  const metrics = () => test.app.get(TurnMetrics, { strict: false });
  const sweeper = () => new TurnSweeper(turns.keeper, accounting, test.app.get(Clock), metrics());

  /** A turn that was accepted by a process which then died, with this much of its answer noted. */
  async function abandonedTurn(partial: string) {
    const chatter = await TestChatter.create(test);
    const conversationId = await turns.conversation(undefined, chatter.user.id);
    const turn = turns.turn(conversationId, { owner_id: chatter.user.id });
    await accounting.hold(chatter.user.id, turn.id, HELD);
    await turns.start(turn);
    if (partial !== '') await turns.note(turn, partial);
    await turns.makeAllOverdue();
    return { chatter, turn, conversationId };
  }

  async function savedTurn(turnId: string): Promise<TurnRow | undefined> {
    await turns.saveAll();
    const rows = await turns.transactions.single.query<TurnRow[]>('SELECT * FROM turns WHERE id = ?', [
      turnId,
    ]);
    return rows[0];
  }

  it('leaves a turn alone whose process gives signs of life', async () => {
    const { chatter, turn } = await abandonedTurn('');
    expect(await turns.note(turn, PARTIAL)).toBe('running');
    await sweeper().sweep();
    expect((await chatter.books()).account.frozen).toBe(HELD);
    await turns.makeAllOverdue();
    await sweeper().sweep();
  });

  it.each([-90_000, 90_000])(
    'goes by no process’s own clock: one that is %i ms ahead ends nothing',
    async (ms) => {
      const chatter = await TestChatter.create(test);
      const turn = turns.turn(await turns.conversation(), { owner_id: chatter.user.id });
      await accounting.hold(chatter.user.id, turn.id, HELD);
      await turns.start(turn);
      await new TurnSweeper(turns.keeper, accounting, { nowMs: () => Date.now() + ms }, metrics()).sweep();
      await test.app.get(CoinAccountService).expireHolds(1_000);
      expect((await chatter.books()).account.frozen).toBe(HELD);
      await turns.makeAllOverdue();
      await sweeper().sweep();
    },
  );

  it('finds the coins still held of a turn that was silent for the time of its lease', async () => {
    const patient = await createTestApp({
      ...test.environment,
      LOCKKEEPER_TURN_LEASE_MS: '25000',
    });
    const chatter = await TestChatter.create(test);
    const turnId = randomUUID();
    await patient.app.get(TurnAccounting, { strict: false }).hold(chatter.user.id, turnId, HELD);
    const { holds } = await chatter.books();
    const leaseMs = Number(holds[0]?.expiresAt) - Number(holds[0]?.createdAt);
    // Also if a renewal every fifteen seconds was due just then.
    expect(leaseMs).toBeGreaterThanOrEqual(25_000 + 15_000 + 10_000);
    await patient.close();
  });

  it('keeps what was answered as interrupted, and charges for it', async () => {
    const { chatter, turn, conversationId } = await abandonedTurn(PARTIAL);
    await sweeper().sweep();
    const cost = PROMPT_COST + 2n * BigInt(await countTokens(PARTIAL));
    expect(await chatter.messages(conversationId)).toMatchObject([
      { role: 'user', status: 'complete', is_saved: false },
      { role: 'assistant', content: PARTIAL, status: 'interrupted', is_saved: false },
    ]);
    const { account, holds } = await chatter.books();
    expect(holds).toMatchObject([{ id: turn.id, status: 'settled', settledAmount: cost }]);
    expect(account).toMatchObject({ frozen: 0n, balance: 10_000_000n - cost });
    expect(await savedTurn(turn.id)).toMatchObject({
      status: 'interrupted',
      cost_micro_coins: String(cost),
      usage_source: 'tokenizer',
      error_code: 'turn_interrupted',
    });
  });

  it('gives everything back when nothing was answered, and keeps the question', async () => {
    const { chatter, turn, conversationId } = await abandonedTurn('');
    await sweeper().sweep();
    expect(await chatter.messages(conversationId)).toMatchObject([{ role: 'user', content: 'question' }]);
    const { account, holds } = await chatter.books();
    expect(holds).toMatchObject([{ id: turn.id, status: 'released' }]);
    expect(account).toMatchObject({ frozen: 0n, balance: 10_000_000n });
    expect(await savedTurn(turn.id)).toMatchObject({ status: 'interrupted', cost_micro_coins: '0' });
  });

  it('ends a turn that was charged before its process died for what it was charged', async () => {
    const { chatter, turn } = await abandonedTurn(PARTIAL);
    await accounting.close(chatter.user.id, turn.id, { kind: 'settle', amount: 777n });
    await sweeper().sweep();
    expect((await chatter.books()).holds).toMatchObject([{ status: 'settled', settledAmount: 777n }]);
    expect(await savedTurn(turn.id)).toMatchObject({ status: 'interrupted', cost_micro_coins: '777' });
  });

  it('ends each turn once though several sweep at the same time', async () => {
    const abandoned = [];
    for (let n = 0; n < 10; n++) abandoned.push(await abandonedTurn(PARTIAL));
    await Promise.all(Array.from({ length: 4 }, () => sweeper().sweep()));
    for (const { chatter, turn, conversationId } of abandoned) {
      expect(await chatter.messages(conversationId)).toHaveLength(2);
      const { holds } = await chatter.books();
      expect(await savedTurn(turn.id)).toMatchObject({ cost_micro_coins: String(holds[0]?.settledAmount) });
      expect(await turns.savedOrder(conversationId)).toEqual([turn.id, turn.id]);
    }
  });

  it('gives processes time to show that they live when Redis was away for all', async () => {
    const { chatter } = await abandonedTurn('');
    const sweep = sweeper();
    const isRedisThere = turns.keeper.isRedisThere.bind(turns.keeper);
    turns.keeper.isRedisThere = () => Promise.resolve(false);
    await sweep.sweep();
    turns.keeper.isRedisThere = isRedisThere;
    await sweep.sweep();
    expect((await chatter.books()).account.frozen).toBe(HELD);
    await sweep.sweep();
    expect((await chatter.books()).account.frozen).toBe(0n);
  });

  it('is not stopped by a turn that cannot be ended', async () => {
    const withoutHold = turns.turn(await turns.conversation(0), { owner_id: randomUUID() });
    await turns.start(withoutHold);
    const damaged = turns.turn(await turns.conversation(0));
    await turns.start(damaged);
    await turns.redis.hset(turns.turnsKey(damaged.conversation_id), damaged.id, '{');
    const { chatter, turn } = await abandonedTurn(PARTIAL);
    await sweeper().sweep();
    const { holds } = await chatter.books();
    expect(holds).toMatchObject([{ id: turn.id, status: 'settled' }]);
  });

  it('agrees with the process of a turn that finishes at the same moment', async () => {
    const chatter = await TestChatter.create(test);
    const answers = Array.from({ length: 30 }, (_, n) =>
      chatter.say('go', `local:tokens=${3 + (n % 5)},delay_ms=${1 + (n % 7)}`),
    );
    const runner = test.app.get(TurnRunner, { strict: false });
    let haveEnded = false;
    void Promise.all(answers).finally(() => (haveEnded = true));
    await waitUntil('the end of the turns', async () => {
      await runner.noteProgress();
      if ((await turns.makeAllOverdue()) > 0) await sweeper().sweep();
      return haveEnded;
    });
    await turns.saveAll();
    const { account, holds } = await chatter.books();
    expect(account.frozen).toBe(0n);
    for (const { turnId, conversationId } of await Promise.all(answers)) {
      const charged = holds.find((hold) => hold.id === turnId)?.settledAmount ?? 0n;
      const row = await savedTurn(turnId);
      expect(row?.cost_micro_coins).toBe(String(charged));
      const order = await turns.savedOrder(conversationId);
      expect(new Set(order)).toEqual(new Set([turnId]));
      expect(order).toHaveLength(charged > 0n ? 2 : 1);
    }
  });
});

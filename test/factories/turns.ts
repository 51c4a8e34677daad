import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { ConversationRepository } from '../../src/modules/conversation/conversation.repository.js';
import { SAVE_SHARDS, shardOf } from '../../src/modules/conversation/domain/shards.js';
import {
  ConversationService,
  KeptTurn,
  type Turn,
  TurnKeeper,
  type TurnMessage,
} from '../../src/modules/conversation/index.js';
import type { KeptState } from '../../src/modules/conversation/keeping/kept-turn.js';
import { TurnAccounting } from '../../src/modules/chat/turn-accounting.js';
import { TurnMetrics } from '../../src/modules/chat/turn-metrics.js';
import { TurnSweeper } from '../../src/modules/chat/turn-sweeper.js';
import { Clock } from '../../src/shared/clock.js';
import { TurnRepository } from '../../src/modules/conversation/saving/turn.repository.js';
import { TurnSaver } from '../../src/modules/conversation/saving/turn-saver.service.js';
import { TurnStore } from '../../src/modules/conversation/keeping/turn.store.js';
import { Transactions } from '../../src/platform/database/index.js';
import type { TestApp } from './test-app.js';

export interface MessageRow {
  turn_id: string;
  sequence: number;
  role: string;
  content: string;
}

function message(role: string, content: string): TurnMessage {
  const created_at = new Date().toISOString();
  return { id: randomUUID(), role, content, extra: null, status: 'complete', tokens: 1, created_at };
}

function idInShard(shard: number | undefined): string {
  for (;;) {
    const id = randomUUID();
    if (shard === undefined || shardOf(id) === shard) return id;
  }
}

/** Turns made without a provider, put into Redis and MySQL by the product's own code, and looked at past it. */
export class TestTurns {
  readonly service: ConversationService;
  readonly store: TurnStore;
  readonly saver: TurnSaver;
  readonly transactions: Transactions;
  readonly redis: Redis;
  readonly keeper: TurnKeeper;
  private readonly kept = new Map<string, KeptTurn>();

  constructor(private readonly test: TestApp) {
    this.service = test.app.get(ConversationService);
    this.store = test.app.get(TurnStore, { strict: false });
    this.saver = test.app.get(TurnSaver, { strict: false });
    this.keeper = test.app.get(TurnKeeper, { strict: false });
    this.transactions = test.app.get(Transactions);
    this.redis = new Redis(test.environment['LOCKKEEPER_REDIS_URL'] ?? '');
    // A test may cut it off.
    this.redis.on('error', () => undefined);
  }

  async close(): Promise<void> {
    await this.redis.quit();
  }

  /** An empty conversation, of this shard if one is named. */
  async conversation(shard?: number, ownerId: string = randomUUID()): Promise<string> {
    const id = idInShard(shard);
    const repository = this.test.app.get(ConversationRepository, { strict: false });
    await repository.insert({ id, ownerId, title: 'of a test', createdAt: new Date() });
    return id;
  }

  /** A turn that has begun, nowhere yet. */
  turn(conversationId: string, changes: Partial<Turn> = {}): Turn {
    return {
      id: randomUUID(),
      conversation_id: conversationId,
      owner_id: randomUUID(),
      model: 'local',
      answer_id: randomUUID(),
      status: 'running',
      messages: [message('user', 'question')],
      finish_reason: null,
      prompt_tokens: 10,
      completion_tokens: 0,
      usage_source: 'none',
      cost_micro_coins: '0',
      error_code: null,
      started_at: new Date().toISOString(),
      finished_at: null,
      input_price: '1000000',
      output_price: '2000000',
      request_hash: null,
      fork: null,
      citations: null,
      ...changes,
    };
  }

  /** The turn with an answer, not told to anybody. */
  answered(turn: Turn, answer = `answer of ${turn.id}`): Turn {
    return {
      ...turn,
      status: 'complete',
      messages: [...turn.messages, message('assistant', answer)],
      completion_tokens: 5,
      finished_at: new Date().toISOString(),
    };
  }

  /** Accepts a turn as if it ran in the application's process. */
  async start(turn: Turn): Promise<KeptTurn> {
    const kept = await this.keeper.start(turn);
    if (!kept) throw new Error('The turn was started before.');
    this.kept.set(turn.id, kept);
    return kept;
  }

  finish(turn: Turn): Promise<void> {
    return this.keeper.finish(this.kept.get(turn.id) ?? new KeptTurn(turn, this.store), turn);
  }

  /** Notes a part of an answer, and that the turn's process lives. */
  note(turn: Turn, text: string): Promise<KeptState> {
    const kept = this.kept.get(turn.id) ?? new KeptTurn(turn, this.store);
    if (text !== '') kept.add({ type: 'text', text });
    return kept.note();
  }

  /** A turn that waits to be saved. */
  async finishedTurn(conversationId: string, changes: Partial<Turn> = {}, answer?: string): Promise<Turn> {
    const turn = this.turn(conversationId, changes);
    await this.start(turn);
    const finished = this.answered(turn, answer);
    await this.finish(finished);
    return finished;
  }

  async finishedTurns(conversationId: string, count: number): Promise<Turn[]> {
    const turns: Turn[] = [];
    for (let n = 0; n < count; n++) turns.push(await this.finishedTurn(conversationId));
    return turns;
  }

  /** Saves a finished turn as another process would: nobody here is told. */
  async saveSilently(turn: Turn): Promise<void> {
    await this.test.app.get(TurnRepository, { strict: false }).saveTurns([turn]);
  }

  /** Makes a conversation unreachable, as the first step of its erasure does, and stops there. */
  async deleteRow(conversationId: string): Promise<void> {
    await this.transactions.single.query('DELETE FROM conversations WHERE id = ?', [conversationId]);
  }

  saveShard(shard: number): Promise<void> {
    return this.saver.saveShard(shard, new AbortController().signal);
  }

  async saveAll(): Promise<void> {
    for (let shard = 0; shard < SAVE_SHARDS; shard++) await this.saveShard(shard);
  }

  messages(conversationId: string): Promise<MessageRow[]> {
    return this.transactions.single.query(
      'SELECT turn_id, sequence, role, content FROM conversation_messages WHERE conversation_id = ? ORDER BY sequence',
      [conversationId],
    );
  }

  /** The ids of a conversation's saved turns in the order of their messages, each as often as it has messages. */
  async savedOrder(conversationId: string): Promise<string[]> {
    return (await this.messages(conversationId)).map((row) => row.turn_id);
  }

  /** The conversation's turns that wait in the database. */
  waitingRows(conversationId: string): Promise<{ id: string; state: string }[]> {
    return this.transactions.single.query(
      'SELECT id, state FROM waiting_turns WHERE conversation_id = ? ORDER BY position',
      [conversationId],
    );
  }

  /** The hash in Redis with the conversation's turns. */
  turnsKey(conversationId: string): string {
    return `{lockkeeper-saves-${shardOf(conversationId)}}:turns:${conversationId}`;
  }

  /** Every key in Redis that speaks of a conversation. */
  async keysOf(conversationId: string): Promise<string[]> {
    return this.redis.keys(`*${conversationId}*`);
  }

  /** What ends the turns of processes that died, as a worker has it. */
  sweeper(): TurnSweeper {
    const accounting = this.test.app.get(TurnAccounting, { strict: false });
    const metrics = this.test.app.get(TurnMetrics, { strict: false });
    return new TurnSweeper(this.keeper, accounting, this.test.app.get(Clock), metrics);
  }

  /** The same as `makeAllOverdue` for turns that are kept in the database. */
  async makeDegradedOverdue(): Promise<void> {
    await this.transactions.single.query(
      'UPDATE waiting_turns SET leased_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND',
    );
  }

  /** As if the processes of all running turns had given no sign of life for the time of the lease. */
  async makeAllOverdue(): Promise<number> {
    let count = 0;
    for (let shard = 0; shard < SAVE_SHARDS; shard++) {
      const key = `{lockkeeper-saves-${shard}}:running`;
      for (const member of await this.redis.zrange(key, 0, -1)) {
        count++;
        await this.redis.zadd(key, 'XX', 1, member);
      }
    }
    return count;
  }
}

/** What each of these turns' messages are called in `savedOrder`. */
export function orderOf(turns: readonly Turn[]): string[] {
  return turns.flatMap((turn) => turn.messages.map(() => turn.id));
}

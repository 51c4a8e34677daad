import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Clock } from '../../shared/clock.js';
import { type AbandonedTurn, SAVE_SHARDS, type Turn, TurnKeeper } from '../conversation/index.js';
import { costOf, countTokens } from '../provider/index.js';
import { turnInterrupted } from './chat.errors.js';
import { Answer } from './domain/answer.js';
import { TurnAccounting } from './turn-accounting.js';
import { TurnMetrics } from './turn-metrics.js';

const SWEEP_INTERVAL_MS = 5_000;
const TURNS_A_SWEEP = 100;

/** Ends the turns of processes that died: what was answered is kept as `interrupted` and charged, the rest refunded. */
@Injectable()
export class TurnSweeper {
  private readonly logger = new Logger('Turns');
  private isSweeping = false;
  private wasRedisThere = true;

  constructor(
    private readonly keeper: TurnKeeper,
    private readonly accounting: TurnAccounting,
    private readonly clock: Clock,
    private readonly metrics: TurnMetrics,
  ) {}

  @Interval(SWEEP_INTERVAL_MS)
  async sweep(): Promise<void> {
    if (this.isSweeping) return;
    this.isSweeping = true;
    try {
      await this.endAll(await this.keeper.claimAbandonedDegraded(TURNS_A_SWEEP));
      await this.sweepRedis();
    } catch (error) {
      this.logger.warn('abandoned turns could not be swept', { reason: String(error) });
    } finally {
      this.isSweeping = false;
    }
  }

  /** Nobody could give a sign of life while Redis was away; by the sweep after its return all that live have. */
  private async sweepRedis(): Promise<void> {
    const isBack = await this.keeper.isRedisThere();
    const mayClaim = isBack && this.wasRedisThere;
    this.wasRedisThere = isBack;
    if (!mayClaim) return;
    for (let shard = 0; shard < SAVE_SHARDS; shard++) {
      await this.endAll(await this.keeper.claimAbandoned(shard, TURNS_A_SWEEP));
    }
  }

  private async endAll(abandoned: readonly AbandonedTurn[]): Promise<void> {
    for (const turn of abandoned) await this.tryToEnd(turn);
  }

  /** A turn that cannot be ended is tried again when its claim has run out, so that it holds up no other. */
  private async tryToEnd(abandoned: AbandonedTurn): Promise<void> {
    try {
      await this.endTurn(abandoned);
    } catch (error) {
      this.logger.error('an abandoned turn could not be ended', error, { turn_id: abandoned.turn.id });
    }
  }

  /** Coins first, as everywhere; several sweepers may try, the hold and the turn end once. */
  private async endTurn(abandoned: AbandonedTurn): Promise<void> {
    const { turn } = abandoned;
    const answer = new Answer();
    for (const piece of abandoned.pieces) answer.add(piece);
    const completionTokens = await countTokens(answer.countedText);
    const prices = { inputPrice: BigInt(turn.input_price), outputPrice: BigInt(turn.output_price) };
    const charged = await this.accounting.close(
      turn.owner_id,
      turn.id,
      answer.isEmpty
        ? { kind: 'release' }
        : { kind: 'settle', amount: costOf(prices, { promptTokens: turn.prompt_tokens, completionTokens }) },
    );
    const ended = interruptedTurn(turn, answer, completionTokens, charged, this.clock.nowMs());
    if (await this.keeper.endAbandoned(abandoned, ended)) {
      this.metrics.ended(ended.status);
      this.logger.warn('turn interrupted: its process is gone', {
        turn_id: turn.id,
        conversation_id: turn.conversation_id,
        completion_tokens: completionTokens,
      });
    }
  }
}

function interruptedTurn(turn: Turn, answer: Answer, tokens: number, charged: bigint, nowMs: number): Turn {
  const finishedAt = new Date(nowMs).toISOString();
  const hasAnswer = !answer.isEmpty;
  const message = {
    id: turn.answer_id,
    role: 'assistant',
    content: answer.text,
    extra: answer.toolCalls ? { tool_calls: answer.toolCalls } : null,
    status: 'interrupted' as const,
    tokens,
    created_at: finishedAt,
  };
  return {
    ...turn,
    status: 'interrupted',
    messages: hasAnswer ? [...turn.messages, message] : turn.messages,
    prompt_tokens: hasAnswer ? turn.prompt_tokens : 0,
    completion_tokens: tokens,
    usage_source: hasAnswer ? 'tokenizer' : 'none',
    cost_micro_coins: charged.toString(),
    error_code: turnInterrupted.definition.code,
    finished_at: finishedAt,
  };
}

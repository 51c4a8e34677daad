import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Clock } from '../../shared/clock.js';
import { type AbandonedTurn, ConversationService, SAVE_SHARDS, type Turn } from '../conversation/index.js';
import { costOf, countTokens } from '../provider/index.js';
import { turnInterrupted } from './chat.errors.js';
import { TurnAccounting } from './turn-accounting.js';

const SWEEP_INTERVAL_MS = 5_000;
const TURNS_A_SWEEP = 100;

/** Ends the turns of processes that died: what was answered is kept as `interrupted` and charged, the rest refunded. */
@Injectable()
export class TurnSweeper {
  private readonly logger = new Logger('Turns');
  private isSweeping = false;
  private wasRedisAway = false;

  constructor(
    private readonly conversations: ConversationService,
    private readonly accounting: TurnAccounting,
    private readonly clock: Clock,
  ) {}

  @Interval(SWEEP_INTERVAL_MS)
  async sweep(): Promise<void> {
    if (this.isSweeping) return;
    this.isSweeping = true;
    try {
      // Nobody could give a sign of life while Redis was away; by the next sweep all that live have.
      if (this.wasRedisAway) await this.conversations.countWaitingTurns();
      else await this.endAbandoned();
      this.wasRedisAway = false;
    } catch (error) {
      this.wasRedisAway = true;
      this.logger.warn('abandoned turns could not be swept', { reason: String(error) });
    } finally {
      this.isSweeping = false;
    }
  }

  private async endAbandoned(): Promise<void> {
    for (let shard = 0; shard < SAVE_SHARDS; shard++) {
      const abandoned = await this.conversations.claimAbandonedTurns(shard, TURNS_A_SWEEP);
      for (const turn of abandoned) await this.tryToEnd(turn);
    }
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
  private async endTurn({ turn, partialText }: AbandonedTurn): Promise<void> {
    const completionTokens = await countTokens(partialText);
    const hasAnswer = partialText !== '';
    const prices = { inputPrice: BigInt(turn.input_price), outputPrice: BigInt(turn.output_price) };
    const charged = await this.accounting.close(
      turn.owner_id,
      turn.id,
      hasAnswer
        ? { kind: 'settle', amount: costOf(prices, { promptTokens: turn.prompt_tokens, completionTokens }) }
        : { kind: 'release' },
    );
    const isMine = await this.conversations.endAbandonedTurn(
      interruptedTurn(turn, partialText, completionTokens, charged, this.clock.nowMs()),
    );
    if (isMine) {
      this.logger.warn('turn interrupted: its process is gone', {
        turn_id: turn.id,
        conversation_id: turn.conversation_id,
        completion_tokens: completionTokens,
      });
    }
  }
}

function interruptedTurn(turn: Turn, text: string, tokens: number, charged: bigint, nowMs: number): Turn {
  const finishedAt = new Date(nowMs).toISOString();
  const answer = {
    id: turn.answer_id,
    role: 'assistant',
    content: text,
    extra: null,
    status: 'interrupted' as const,
    tokens,
    created_at: finishedAt,
  };
  const hasAnswer = text !== '';
  return {
    ...turn,
    status: 'interrupted',
    messages: hasAnswer ? [...turn.messages, answer] : turn.messages,
    prompt_tokens: hasAnswer ? turn.prompt_tokens : 0,
    completion_tokens: tokens,
    usage_source: hasAnswer ? 'tokenizer' : 'none',
    cost_micro_coins: charged.toString(),
    error_code: turnInterrupted.definition.code,
    finished_at: finishedAt,
  };
}

import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConfigOf } from '../../platform/config/index.js';
import { isDatabaseAway } from '../../platform/database/index.js';
import { AppError, internalError, serviceUnavailable } from '../../platform/errors/index.js';
import { withLogFields } from '../../platform/logging/index.js';
import { ShutdownTimer } from '../../platform/time/index.js';
import { Clock } from '../../shared/clock.js';
import { ConversationService, type Turn } from '../conversation/index.js';
import { costOf, countTokens, type Model, type ProviderRequest, ProviderService } from '../provider/index.js';
import { chatConfig } from './chat.config.js';
import { tooManyRunningTurns, turnInterrupted, turnTimedOut } from './chat.errors.js';
import { Answer } from './domain/answer.js';
import { decideOutcome, type Ending, type Outcome, type Usage } from './domain/outcome.js';
import { RunningTurn } from './running-turn.js';
import { TurnAccounting } from './turn-accounting.js';

const CHECKPOINT_INTERVAL_MS = 1_000;
const RENEWAL_INTERVAL_MS = 15_000;
/** A turn that waits for its first token shows that its process lives at least this often. */
const IDLE_CHECKPOINT_MS = 4_000;
const SETTLE_ATTEMPTS = 3;
const SETTLE_PAUSE_MS = 300;

/** What is needed to run a turn that has been accepted: its hold is committed, its user message durable. */
export interface AcceptedTurn {
  readonly turn: Turn;
  readonly model: Model;
  readonly request: ProviderRequest;
}

interface ActiveTurn extends AcceptedTurn {
  readonly running: RunningTurn;
  readonly answer: Answer;
  readonly abort: AbortController;
  readonly done: Promise<void>;
  notedText: string;
  notedAtMs: number;
}

/** Runs the turns of this process to their ends, whether their callers wait for them or not. */
@Injectable()
export class TurnRunner implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Turns');
  private readonly active = new Map<string, ActiveTurn>();
  private isNoting = false;
  private isStopping = false;

  constructor(
    private readonly provider: ProviderService,
    private readonly conversations: ConversationService,
    private readonly accounting: TurnAccounting,
    private readonly clock: Clock,
    private readonly shutdownTimer: ShutdownTimer,
    @Inject(chatConfig.token) private readonly config: ConfigOf<typeof chatConfig>,
  ) {}

  /** @throws too_many_running_turns, or turn_interrupted while the process stops. */
  checkCapacity(): void {
    if (this.isStopping) throw turnInterrupted({ retryAfterSeconds: 1 });
    if (this.active.size >= this.config.maxRunningTurns) throw tooManyRunningTurns({ retryAfterSeconds: 1 });
  }

  /** Begins to run a turn and returns at once; read the answer from what is returned. */
  run(accepted: AcceptedTurn): RunningTurn {
    const { turn } = accepted;
    const running = new RunningTurn(
      turn.id,
      turn.conversation_id,
      turn.answer_id,
      turn.model,
      Math.floor(Date.parse(turn.started_at) / 1000),
    );
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const active: ActiveTurn = {
      ...accepted,
      running,
      answer: new Answer(),
      abort: new AbortController(),
      done,
      notedText: '',
      notedAtMs: this.clock.nowMs(),
    };
    this.active.set(turn.id, active);
    const fields = { turn_id: turn.id, conversation_id: turn.conversation_id };
    void withLogFields(fields, () => this.runToEnd(active)).finally(() => {
      this.active.delete(turn.id);
      resolve();
    });
    return running;
  }

  /** The turns that run in this process, the oldest first. */
  get runningTurns(): RunningTurn[] {
    return [...this.active.values()].map((turn) => turn.running);
  }

  /** How many turns run in this process. */
  get count(): number {
    return this.active.size;
  }

  /** Lets running turns end for as long as there is time, then ends them as interrupted. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    const all = () => Promise.all([...this.active.values()].map((turn) => turn.done));
    await Promise.race([all(), delay(this.shutdownTimer.remainingMs(), undefined, { ref: false })]);
    for (const turn of this.active.values()) turn.abort.abort(turnInterrupted());
    await all();
  }

  /** Notes how far each answer has come, so that a crash loses little of it, and that this process lives. */
  @Interval(CHECKPOINT_INTERVAL_MS)
  async noteProgress(): Promise<void> {
    if (this.isNoting) return;
    this.isNoting = true;
    try {
      await Promise.all([...this.active.values()].map((turn) => this.noteTurn(turn)));
    } catch (error) {
      this.logger.warn('the progress of turns could not be noted', { reason: String(error) });
    } finally {
      this.isNoting = false;
    }
  }

  @Interval(RENEWAL_INTERVAL_MS)
  async renewHolds(): Promise<void> {
    try {
      await this.accounting.renew([...this.active.keys()]);
    } catch (error) {
      this.logger.warn('the holds of running turns could not be renewed', { reason: String(error) });
    }
  }

  private async noteTurn(turn: ActiveTurn): Promise<void> {
    const { text } = turn.answer;
    const now = this.clock.nowMs();
    if (text === turn.notedText && now - turn.notedAtMs < IDLE_CHECKPOINT_MS) return;
    const isStillOurs = await this.conversations.checkpointTurn(
      turn.turn.conversation_id,
      turn.turn.id,
      text,
    );
    turn.notedText = text;
    turn.notedAtMs = now;
    // Another process has taken this one for dead and ended the turn; going on would answer it twice.
    if (!isStillOurs && this.active.has(turn.turn.id)) turn.abort.abort(turnInterrupted());
  }

  private async runToEnd(active: ActiveTurn): Promise<void> {
    const ending = await this.readProvider(active);
    const usage = await countUsage(active);
    const outcome = decideOutcome({
      ending: ending.ending,
      isAnswerEmpty: active.answer.isEmpty,
      finishReason: active.answer.finishReason,
      usage,
      priceOf: (counted) => costOf(active.model, counted),
    });
    let { error } = ending;
    try {
      await this.close(active, outcome, ending.ending);
    } catch (thrown) {
      error ??= faultOf(thrown);
      // The turn stays noted as running, with all of its answer: a worker ends it once the database answers again.
      this.logger.error('a turn could not be closed', thrown, {});
    }
    active.running.end({
      status: outcome.status,
      text: active.answer.text,
      toolCalls: active.answer.toolCalls,
      finishReason: active.answer.finishReason ?? 'stop',
      usage: outcome.usage,
      error,
    });
  }

  private async readProvider(active: ActiveTurn): Promise<{ ending: Ending; error?: AppError }> {
    const { answer, running, abort } = active;
    const timer = setTimeout(() => abort.abort(turnTimedOut()), this.config.turnTimeoutMs);
    try {
      for await (const event of this.provider.stream(active.model, active.request, abort.signal)) {
        answer.add(event);
        if (event.type === 'text' || event.type === 'tool_calls') running.add(event);
      }
      return { ending: { kind: 'finished' } };
    } catch (thrown) {
      const error = endingError(thrown, abort.signal);
      const kind = turnInterrupted.is(error) ? 'interrupted' : 'failed';
      this.logger.warn(`turn ${kind}`, { code: error.code, reason: error.message });
      return { ending: { kind, errorCode: error.code }, error };
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Coins first, then the turn: a turn that can be read has been paid for. Before both the whole answer is noted:
   * whoever ends this turn if its process dies in between ends it with the answer that was paid for.
   */
  private async close(active: ActiveTurn, outcome: Outcome, ending: Ending): Promise<void> {
    const { turn } = active;
    if (!(await this.noteEnd(turn, outcome.keepsAnswer ? active.answer.text : ''))) throw turnInterrupted();
    const charged = await this.closeHold(turn, outcome);
    await this.conversations.finishTurn(finishedTurn(active, outcome, ending, charged, this.clock.nowMs()));
    this.logger.log('turn ended', {
      status: outcome.status,
      model: turn.model,
      prompt_tokens: outcome.usage.promptTokens,
      completion_tokens: outcome.usage.completionTokens,
    });
  }

  /** Returns false if another has taken this process for dead, and ends the turn. */
  private async noteEnd(turn: Turn, text: string): Promise<boolean> {
    try {
      return await this.conversations.checkpointTurn(turn.conversation_id, turn.id, text);
    } catch (error) {
      this.logger.warn('the end of an answer could not be noted', { reason: String(error) });
      return true;
    }
  }

  private async closeHold(turn: Turn, outcome: Outcome): Promise<bigint> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.accounting.close(turn.owner_id, turn.id, outcome.coins);
      } catch (error) {
        if (attempt === SETTLE_ATTEMPTS || error instanceof AppError) throw error;
        await delay(SETTLE_PAUSE_MS * attempt);
      }
    }
  }
}

/** What a turn is ended for: the reason of the abort, the provider's error, or a fault of ours. */
function endingError(thrown: unknown, signal: AbortSignal): AppError {
  if (signal.aborted && signal.reason instanceof AppError) return signal.reason;
  return faultOf(thrown);
}

function faultOf(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return isDatabaseAway(thrown)
    ? serviceUnavailable({ cause: thrown, retryAfterSeconds: 1 })
    : internalError({ cause: thrown });
}

/** The provider's count; without one, the tokenizer's. */
async function countUsage({ answer, turn }: ActiveTurn): Promise<Usage> {
  if (answer.usage) return { ...answer.usage, source: 'provider' };
  return {
    promptTokens: turn.prompt_tokens,
    completionTokens: await countTokens(answer.countedText),
    source: 'tokenizer',
  };
}

function finishedTurn(
  { turn, answer }: ActiveTurn,
  outcome: Outcome,
  ending: Ending,
  charged: bigint,
  nowMs: number,
): Turn {
  const finishedAt = new Date(nowMs).toISOString();
  const answerMessage = {
    id: turn.answer_id,
    role: 'assistant',
    content: outcome.keepsAnswer ? answer.text : '',
    extra: outcome.keepsAnswer && answer.toolCalls ? { tool_calls: answer.toolCalls } : null,
    status: outcome.status,
    tokens: outcome.usage.completionTokens,
    created_at: finishedAt,
  };
  const hasAnswer = outcome.keepsAnswer || outcome.status === 'violation';
  return {
    ...turn,
    status: outcome.status,
    messages: hasAnswer ? [...turn.messages, answerMessage] : turn.messages,
    finish_reason: answer.finishReason?.slice(0, 32) ?? null,
    prompt_tokens: outcome.usage.promptTokens,
    completion_tokens: outcome.usage.completionTokens,
    usage_source: outcome.usage.source,
    cost_micro_coins: charged.toString(),
    error_code: ending.kind === 'finished' ? null : ending.errorCode,
    finished_at: finishedAt,
  };
}

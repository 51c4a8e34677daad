import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConfigOf } from '../../platform/config/index.js';
import { isDatabaseAway } from '../../platform/database/index.js';
import { AppError, errorKinds, internalError, serviceUnavailable } from '../../platform/errors/index.js';
import { withLogFields } from '../../platform/logging/index.js';
import { ShutdownTimer } from '../../platform/time/index.js';
import { WorkInProgress } from '../../platform/work/index.js';
import { Clock } from '../../shared/clock.js';
import { annotationsOf, KeptTurn, type Turn, TurnKeeper } from '../conversation/index.js';
import { costOf, countTokens, type Model, type ProviderRequest, ProviderService } from '../provider/index.js';
import { chatConfig } from './chat.config.js';
import { tooManyRunningTurns, turnInterrupted, turnStopped, turnTimedOut } from './chat.errors.js';
import { Answer } from './domain/answer.js';
import { decideOutcome, type Ending, type Outcome, type Usage } from './domain/outcome.js';
import { RunningTurn } from './running-turn.js';
import { TurnAccounting } from './turn-accounting.js';
import { TurnMetrics } from './turn-metrics.js';

/** How far what is kept of an answer is behind what its caller has seen. */
const NOTE_INTERVAL_MS = 200;
const RENEWAL_INTERVAL_MS = 15_000;
/** A turn without news shows at least this often that its process lives, and learns that it is to stop. */
const IDLE_NOTE_MS = 1_000;
/** How long a finished turn waits for a database that is away: about as long as its hold lasts unrenewed. */
const SETTLE_PATIENCE_MS = 45_000;
const FIRST_SETTLE_PAUSE_MS = 100;
const LONGEST_SETTLE_PAUSE_MS = 1_000;

/** What is needed to run a turn that has been accepted: its hold is committed, its user message durable. */
export interface AcceptedTurn {
  readonly kept: KeptTurn;
  readonly model: Model;
  readonly request: ProviderRequest;
}

interface ActiveTurn extends AcceptedTurn {
  readonly running: RunningTurn;
  readonly answer: Answer;
  readonly abort: AbortController;
  readonly done: Promise<void>;
  notedAtMs: number;
  /** Redis has lost it: nothing can be noted any more, its end goes to the database. */
  isLost: boolean;
  /** Notes are taken one after the other. */
  noting: Promise<unknown>;
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
    private readonly keeper: TurnKeeper,
    private readonly accounting: TurnAccounting,
    private readonly metrics: TurnMetrics,
    private readonly clock: Clock,
    private readonly shutdownTimer: ShutdownTimer,
    private readonly work: WorkInProgress,
    @Inject(chatConfig.token) private readonly config: ConfigOf<typeof chatConfig>,
  ) {}

  /** @throws too_many_running_turns, or turn_interrupted while the process stops. */
  checkCapacity(): void {
    if (this.isStopping) throw turnInterrupted({ retryAfterSeconds: 1 });
    if (this.active.size >= this.config.maxRunningTurns) throw tooManyRunningTurns({ retryAfterSeconds: 1 });
  }

  /** Begins to run a turn and returns at once; read the answer from what is returned. */
  run(accepted: AcceptedTurn): RunningTurn {
    const { turn } = accepted.kept;
    const running = new RunningTurn(turn);
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const active: ActiveTurn = {
      ...accepted,
      running,
      answer: new Answer(),
      abort: new AbortController(),
      done,
      notedAtMs: this.clock.nowMs(),
      isLost: false,
      noting: Promise.resolve(),
    };
    this.active.set(turn.id, active);
    this.metrics.setRunning(this.active.size);
    const endWork = this.work.begin('chat.turn', turn.id);
    const fields = { turn_id: turn.id, conversation_id: turn.conversation_id };
    void withLogFields(fields, () => this.runToEnd(active)).finally(() => {
      this.active.delete(turn.id);
      this.metrics.setRunning(this.active.size);
      endWork();
      resolve();
    });
    return running;
  }

  /** A turn that runs in this process. */
  find(turnId: string): RunningTurn | undefined {
    return this.active.get(turnId)?.running;
  }

  /** Ends a turn that runs in this process with what there is of its answer. Returns false if it does not. */
  stop(turnId: string): boolean {
    const active = this.active.get(turnId);
    active?.abort.abort(turnStopped());
    return active !== undefined;
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
  @Interval(NOTE_INTERVAL_MS)
  async noteProgress(): Promise<void> {
    if (this.isNoting) return;
    this.isNoting = true;
    const now = this.clock.nowMs();
    const due = [...this.active.values()].filter(
      (turn) => !turn.isLost && (turn.kept.hasNews || now - turn.notedAtMs >= IDLE_NOTE_MS),
    );
    const results = await Promise.allSettled(due.map((turn) => this.noteTurn(turn)));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) {
      const reason = String(failure.reason);
      this.logger.warn('the progress of turns could not be noted', { reason });
    }
    this.isNoting = false;
  }

  @Interval(RENEWAL_INTERVAL_MS)
  async renewHolds(): Promise<void> {
    try {
      await this.accounting.renew([...this.active.keys()]);
    } catch (error) {
      this.logger.warn('the holds of running turns could not be renewed', { reason: String(error) });
    }
  }

  /** Returns false if another has taken this process for dead, and ends the turn. */
  private async noteTurn(active: ActiveTurn): Promise<boolean> {
    const noted = active.noting.then(() => active.kept.note());
    active.noting = noted.catch(() => undefined);
    const state = await noted;
    active.notedAtMs = this.clock.nowMs();
    if (state === 'stopping') active.abort.abort(turnStopped());
    if (state === 'unknown') active.isLost = await this.keeper.isUnknown(active.kept.turn.id);
    const isOurs = state === 'running' || state === 'stopping' || active.isLost;
    // Going on would answer it twice.
    if (!isOurs) active.abort.abort(turnInterrupted());
    return isOurs;
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
    const { answer, running, kept, abort } = active;
    const timer = setTimeout(() => abort.abort(turnTimedOut()), this.config.turnTimeoutMs);
    try {
      for await (const event of this.provider.stream(active.model, active.request, abort.signal)) {
        answer.add(event);
        if (event.type !== 'text' && event.type !== 'tool_calls') continue;
        running.add(event);
        kept.add(event);
      }
      return { ending: { kind: 'finished' } };
    } catch (thrown) {
      const error = endingError(thrown, abort.signal);
      if (error.code === turnStopped.definition.code) return { ending: { kind: 'stopped' } };
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
    const { kept } = active;
    const { turn } = kept;
    if (!(await this.noteEnd(active))) throw turnInterrupted();
    const charged = await this.closeHold(turn, outcome);
    await this.keeper.finish(kept, finishedTurn(active, outcome, ending, charged, this.clock.nowMs()));
    this.metrics.ended(outcome.status);
    this.logger.log('turn ended', {
      status: outcome.status,
      model: turn.model,
      prompt_tokens: outcome.usage.promptTokens,
      completion_tokens: outcome.usage.completionTokens,
    });
  }

  private async noteEnd(active: ActiveTurn): Promise<boolean> {
    try {
      return active.isLost || (await this.noteTurn(active));
    } catch (error) {
      this.logger.warn('the end of an answer could not be noted', { reason: String(error) });
      return true;
    }
  }

  private async closeHold(turn: Turn, outcome: Outcome): Promise<bigint> {
    const deadline = performance.now() + SETTLE_PATIENCE_MS;
    for (let pauseMs = FIRST_SETTLE_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_SETTLE_PAUSE_MS)) {
      try {
        return await this.accounting.close(turn.owner_id, turn.id, outcome.coins);
      } catch (error) {
        const isHopeless = error instanceof AppError && !errorKinds[error.kind].isRetryable;
        if (isHopeless || this.isStopping || performance.now() > deadline) throw error;
        await delay(pauseMs);
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
async function countUsage({ answer, kept }: ActiveTurn): Promise<Usage> {
  if (answer.usage) return { ...answer.usage, source: 'provider' };
  return {
    promptTokens: kept.turn.prompt_tokens,
    completionTokens: await countTokens(answer.countedText),
    source: 'tokenizer',
  };
}

/** What an answer has besides its text. */
function answerExtra(turn: Turn, { toolCalls }: Answer): Turn['messages'][number]['extra'] {
  const extra = { ...(toolCalls && { tool_calls: toolCalls }), ...annotationsOf(turn.citations) };
  return Object.keys(extra).length > 0 ? extra : null;
}

function finishedTurn(
  { kept: { turn }, answer }: ActiveTurn,
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
    extra: outcome.keepsAnswer ? answerExtra(turn, answer) : null,
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
    error_code: 'errorCode' in ending ? ending.errorCode : null,
    finished_at: finishedAt,
  };
}

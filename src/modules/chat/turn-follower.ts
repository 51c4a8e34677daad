import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { type AppError, type ErrorFactory, serviceUnavailable } from '../../platform/errors/index.js';
import { type AnswerPiece, placeOf, type Turn, TurnKeeper, type WaitingTurn } from '../conversation/index.js';
import { providerErrors } from '../provider/index.js';
import { turnInterrupted, turnTimedOut } from './chat.errors.js';
import type { ToolCall } from './domain/answer.js';
import { RunningTurn } from './running-turn.js';
import { TurnRunner } from './turn-runner.service.js';

const POLL_INTERVAL_MS = 100;
/** How long a reader waits for a turn that cannot be read: about as long as the sweep of dead processes' turns takes. */
const PATIENCE_MS = 60_000;

/** Follows turns wherever they run: in this process, in another, or not any more. */
@Injectable()
export class TurnFollower {
  private readonly logger = new Logger('Turns');

  constructor(
    private readonly keeper: TurnKeeper,
    private readonly runner: TurnRunner,
  ) {}

  /**
   * A turn as its readers see it: what there is of its answer, and more as it comes, until `signal` is aborted.
   * Undefined if the conversation has no such turn. Whose it is has been checked before.
   */
  async follow(place: WaitingTurn, signal: AbortSignal): Promise<RunningTurn | undefined> {
    const local = this.runner.find(place.turnId);
    if (local) return local.conversationId === place.conversationId ? local : undefined;
    const view = await this.keeper.view(place, 0);
    if (!view) return undefined;
    const mirror = new RunningTurn(view.turn);
    const follower = new Mirror(mirror);
    follower.show(view.turn, view.pieces);
    if (!mirror.ended) void this.poll(place, follower, signal);
    return mirror;
  }

  /** The turn that runs in a conversation. */
  async findRunning(conversationId: string, signal: AbortSignal): Promise<RunningTurn | undefined> {
    const running = await this.keeper.findRunning(conversationId);
    return running && this.follow(placeOf(running), signal);
  }

  private async poll(place: WaitingTurn, mirror: Mirror, signal: AbortSignal): Promise<void> {
    for (let readAtMs = performance.now(); !mirror.turn.ended;) {
      await delay(POLL_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return mirror.giveUp(signal.reason);
      try {
        const view = await this.keeper.view(place, mirror.pieceCount);
        if (!view) throw new Error('The turn is not kept any more.');
        mirror.show(view.turn, view.pieces);
        readAtMs = performance.now();
      } catch (error) {
        // Redis or the database may be away for a moment; the turn runs on, and will be in one of them.
        if (performance.now() - readAtMs < PATIENCE_MS) continue;
        this.logger.warn('a turn could not be followed', { reason: String(error) });
        mirror.giveUp(error);
      }
    }
  }
}

/** A turn that runs in another process, shown in this one. */
class Mirror {
  pieceCount = 0;
  private text = '';
  private hasToolCalls = false;

  constructor(readonly turn: RunningTurn) {}

  show(turn: Turn, pieces: readonly AnswerPiece[]): void {
    // What was withheld from the conversation is not shown to those who come later either.
    for (const piece of turn.status === 'violation' ? [] : pieces) {
      this.pieceCount++;
      this.add(piece);
    }
    if (turn.status !== 'running') this.end(turn);
  }

  giveUp(cause: unknown): void {
    this.turn.end({
      status: 'running',
      text: this.text,
      toolCalls: undefined,
      finishReason: 'stop',
      usage: { promptTokens: 0, completionTokens: 0, source: 'none' },
      error: serviceUnavailable({
        cause,
        retryAfterSeconds: 1,
        detail: 'The answer cannot be followed now.',
      }),
    });
  }

  private add(piece: AnswerPiece): void {
    if (piece.type === 'text') this.text += piece.text;
    else this.hasToolCalls = true;
    this.turn.add(piece);
  }

  /** Also with what came after the last piece that was kept, or with all of it if none is kept any more. */
  private end(turn: Turn): void {
    const answer = turn.messages.find((message) => message.id === turn.answer_id);
    const text = answer?.content ?? '';
    const toolCalls = answer?.extra?.['tool_calls'] as ToolCall[] | undefined;
    if (text.length > this.text.length) this.add({ type: 'text', text: text.slice(this.text.length) });
    if (toolCalls && !this.hasToolCalls) {
      this.add({ type: 'tool_calls', deltas: toolCalls.map((call, index) => ({ index, ...call })) });
    }
    this.turn.end({
      status: turn.status,
      text,
      toolCalls,
      finishReason: turn.finish_reason ?? 'stop',
      usage: {
        promptTokens: turn.prompt_tokens,
        completionTokens: turn.completion_tokens,
        source: turn.usage_source,
      },
      error: errorOf(turn),
    });
  }
}

const turnErrors: readonly ErrorFactory[] = [turnInterrupted, turnTimedOut, ...providerErrors];

/** The error that a turn ended with, as far as its code tells. */
function errorOf(turn: Turn): AppError | undefined {
  if (turn.status !== 'failed' && turn.status !== 'interrupted') return undefined;
  const make = turnErrors.find(({ definition }) => definition.code === turn.error_code) ?? turnInterrupted;
  return make();
}

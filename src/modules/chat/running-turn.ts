import type { AppError } from '../../platform/errors/index.js';
import type { TurnStatus } from '../conversation/index.js';
import type { ToolCallDelta } from '../provider/index.js';
import type { ToolCall } from './domain/answer.js';
import type { Usage } from './domain/outcome.js';

/** A piece of an answer, as a reader gets it. */
export type AnswerPiece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_calls'; readonly deltas: readonly ToolCallDelta[] };

/** How an answer ended. With an error, what came before it stands. */
export interface AnswerEnd {
  readonly status: TurnStatus;
  readonly text: string;
  readonly toolCalls: ToolCall[] | undefined;
  readonly finishReason: string;
  readonly usage: Usage;
  readonly error: AppError | undefined;
}

/**
 * A turn while it runs, seen from its readers: the pieces so far, and more as they come. It runs on whether
 * anybody reads or not, and a slow reader slows nobody.
 */
export class RunningTurn {
  private readonly pieces: AnswerPiece[] = [];
  private ending: AnswerEnd | undefined;
  private wakeReaders: (() => void)[] = [];

  constructor(
    readonly id: string,
    readonly conversationId: string,
    /** The id of the answer's message. */
    readonly answerId: string,
    readonly modelId: string,
    readonly createdSeconds: number,
  ) {}

  add(piece: AnswerPiece): void {
    this.pieces.push(piece);
    this.wake();
  }

  end(ending: AnswerEnd): void {
    this.ending = ending;
    this.wake();
  }

  /** The end, once it has come. */
  get ended(): AnswerEnd | undefined {
    return this.ending;
  }

  get hasAnswer(): boolean {
    return this.pieces.length > 0;
  }

  /** True as soon as there is a piece, or the end without any. */
  get hasBegun(): boolean {
    return this.pieces.length > 0 || this.ending !== undefined;
  }

  /** All pieces from the first, each as soon as it is there, until the end or until `signal` is aborted. */
  async *read(signal: AbortSignal): AsyncIterable<AnswerPiece> {
    for (let next = 0; ;) {
      for (let piece = this.pieces[next]; piece; piece = this.pieces[next]) {
        if (signal.aborted) return;
        next++;
        yield piece;
      }
      if (this.ending || signal.aborted) return;
      await this.change(signal);
    }
  }

  /** Waits for the next piece or the end, or for `signal`. */
  change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        signal.removeEventListener('abort', finish);
        resolve();
      };
      signal.addEventListener('abort', finish, { once: true });
      this.wakeReaders.push(finish);
    });
  }

  /** Waits for the end. */
  async whenEnded(): Promise<AnswerEnd> {
    const never = new AbortController().signal;
    while (!this.ending) await this.change(never);
    return this.ending;
  }

  private wake(): void {
    const readers = this.wakeReaders;
    this.wakeReaders = [];
    for (const wakeReader of readers) wakeReader();
  }
}

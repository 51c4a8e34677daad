import type { AppError } from '../../platform/errors/index.js';
import type { AnswerPiece, Turn } from '../conversation/index.js';
import type { ToolCall } from './domain/answer.js';
import type { Usage } from './domain/outcome.js';

/** How an answer ended. With an error, what came before it stands. */
export interface AnswerEnd {
  readonly status: Turn['status'];
  readonly text: string;
  readonly toolCalls: ToolCall[] | undefined;
  readonly finishReason: string;
  readonly usage: Usage;
  readonly error: AppError | undefined;
}

/** How much of an answer a reader has: so many UTF-16 units of text, so many pieces of tool calls. */
export interface AnswerPosition {
  readonly textUnits: number;
  readonly toolPieces: number;
}

export const ANSWER_START: AnswerPosition = { textUnits: 0, toolPieces: 0 };

/** Where a reader is that was at `position` and has read this piece too. */
export function positionAfter(position: AnswerPosition, piece: AnswerPiece): AnswerPosition {
  return piece.type === 'text'
    ? { ...position, textUnits: position.textUnits + piece.text.length }
    : { ...position, toolPieces: position.toolPieces + 1 };
}

/**
 * A turn while it runs, seen from its readers: the pieces so far, and more as they come. It runs on whether
 * anybody reads or not, and a slow reader slows nobody.
 */
export class RunningTurn {
  private readonly pieces: AnswerPiece[] = [];
  private ending: AnswerEnd | undefined;
  private wakeReaders: (() => void)[] = [];

  readonly id: string;
  readonly ownerId: string;
  readonly conversationId: string;
  /** The id of the answer's message. */
  readonly answerId: string;
  readonly modelId: string;
  readonly createdSeconds: number;
  /** The passages that the model was given. */
  readonly citations: Turn['citations'];

  constructor(turn: Turn) {
    this.id = turn.id;
    this.ownerId = turn.owner_id;
    this.conversationId = turn.conversation_id;
    this.answerId = turn.answer_id;
    this.modelId = turn.model;
    this.citations = turn.citations;
    this.createdSeconds = Math.floor(Date.parse(turn.started_at) / 1000);
  }

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

  /** All pieces from a position on, each as soon as it is there, until the end or until `signal` is aborted. */
  async *read(signal: AbortSignal, from: AnswerPosition = ANSWER_START): AsyncIterable<AnswerPiece> {
    let passed = ANSWER_START;
    for (let next = 0; ;) {
      for (let piece = this.pieces[next]; piece; piece = this.pieces[next]) {
        if (signal.aborted) return;
        next++;
        const unread = unreadPart(piece, passed, from);
        passed = positionAfter(passed, piece);
        if (unread) yield unread;
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

/** What of a piece that begins at `start` lies after `from`. */
function unreadPart(
  piece: AnswerPiece,
  start: AnswerPosition,
  from: AnswerPosition,
): AnswerPiece | undefined {
  if (piece.type === 'tool_calls') return start.toolPieces >= from.toolPieces ? piece : undefined;
  const text = piece.text.slice(Math.max(0, from.textUnits - start.textUnits));
  return text === '' ? undefined : { type: 'text', text };
}

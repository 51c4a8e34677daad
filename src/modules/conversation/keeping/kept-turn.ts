import type { AnswerPiece } from '../domain/answer-piece.js';
import type { Turn } from '../domain/turn.js';

/**
 * How a turn stands where it is kept: `stopping` if somebody asked for its end, `ended` if another has taken its
 * process for dead and ends it, `unknown` if it is not kept there (any more).
 */
export type KeptState = 'running' | 'stopping' | 'ended' | 'unknown';

/**
 * `done` if the turn was ended by this call, `joined` if moreover others wait before it, whose saver has been woken;
 * `ended` if another has ended it, `unknown` if it is not kept (any more).
 */
export type FinishResult = 'done' | 'joined' | 'ended' | 'unknown';

/** A place in which running turns are kept: Redis, or the database while Redis is away. */
export interface TurnPlace {
  /**
   * Notes that the turn's process lives, and pieces of its answer, the first of which is number `from`. Noting
   * the same ones again changes nothing.
   */
  note(turn: Turn, from: number, pieces: readonly string[]): Promise<KeptState>;
  /** Ends the turn: from now on it can be read and waits to be saved. */
  finish(turn: Turn): Promise<FinishResult>;
}

/** A turn that this process runs, and the pieces of its answer that are still to be noted where it is kept. */
export class KeptTurn {
  /** Noting these has been tried: they must not change any more, since it may have been done. */
  private tried: string[] = [];
  private fresh: AnswerPiece[] = [];
  private notedCount = 0;

  constructor(
    readonly turn: Turn,
    readonly place: TurnPlace,
  ) {}

  get hasNews(): boolean {
    return this.tried.length > 0 || this.fresh.length > 0;
  }

  /** Adds a piece; texts that follow each other are noted as one. */
  add(piece: AnswerPiece): void {
    const last = this.fresh.at(-1);
    if (piece.type === 'text' && last?.type === 'text') {
      this.fresh[this.fresh.length - 1] = { type: 'text', text: last.text + piece.text };
    } else {
      this.fresh.push(piece);
    }
  }

  /** Notes what is new, and that this process lives. @throws if the place is away; then it is noted next time. */
  async note(): Promise<KeptState> {
    this.tried.push(...this.fresh.map((piece) => JSON.stringify(piece)));
    this.fresh = [];
    const count = this.tried.length;
    const state = await this.place.note(this.turn, this.notedCount, this.tried);
    this.tried.splice(0, count);
    this.notedCount += count;
    return state;
  }
}

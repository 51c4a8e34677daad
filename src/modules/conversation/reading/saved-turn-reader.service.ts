import { Injectable } from '@nestjs/common';
import {
  type ListRange,
  SavedTurnRepository,
  type TurnMessageRow,
  type TurnRow,
} from './saved-turn.repository.js';

/** A message of a saved turn. `extra` is what it has besides its text. */
export interface SavedTurnMessage {
  readonly id: string;
  readonly role: string;
  readonly content: string;
  readonly extra: Record<string, unknown> | null;
}

/** A saved turn with its answer; that of a turn that ended without one is undefined. */
export interface AnsweredTurn {
  readonly id: string;
  readonly model: string;
  readonly finishReason: string | null;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly startedAt: Date;
  readonly answer: SavedTurnMessage | undefined;
}

/** A page of a list; `after` names the last item of the page before. */
export interface ListPage {
  readonly after: string | undefined;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** Reads an owner's saved turns one by one, past their conversations: those that ended as they should. */
@Injectable()
export class SavedTurnReader {
  constructor(private readonly repository: SavedTurnRepository) {}

  /**
   * Turns in the order in which they began, each with its answer. Always the same number of queries.
   * @returns undefined if there is no such turn as `after` names.
   */
  async listTurns(
    ownerId: string,
    model: string | undefined,
    { after, ...range }: ListPage,
  ): Promise<AnsweredTurn[] | undefined> {
    const last = after === undefined ? undefined : await this.repository.findOwned(ownerId, after);
    if (after !== undefined && !last) return undefined;
    const position = last && { startedAt: last.started_at, id: last.id };
    return this.withAnswers(await this.repository.listOwned(ownerId, model, { ...range, after: position }));
  }

  /** Undefined also if it is somebody else's, or not saved yet. */
  async findTurn(ownerId: string, id: string): Promise<AnsweredTurn | undefined> {
    const row = await this.repository.findOwned(ownerId, id);
    return row && (await this.withAnswers([row]))[0];
  }

  /**
   * What a turn was asked. Whose it is has been checked before.
   * @returns undefined if the turn has no such message as `after` names.
   */
  async listQuestions(
    turnId: string,
    { after, ...range }: ListPage,
  ): Promise<SavedTurnMessage[] | undefined> {
    const sequence = after === undefined ? undefined : await this.repository.findSequence(turnId, after);
    if (after !== undefined && sequence === undefined) return undefined;
    const position: ListRange<{ sequence: number }>['after'] =
      sequence === undefined ? undefined : { sequence };
    const rows = await this.repository.listQuestions(turnId, { ...range, after: position });
    return rows.map(toMessage);
  }

  private async withAnswers(rows: readonly TurnRow[]): Promise<AnsweredTurn[]> {
    const answers = new Map(
      (await this.repository.findAnswers(rows.map((row) => row.id))).map((row) => [
        row.turn_id,
        toMessage(row),
      ]),
    );
    return rows.map((row) => ({
      id: row.id,
      model: row.model,
      finishReason: row.finish_reason,
      promptTokens: row.prompt_tokens,
      completionTokens: row.completion_tokens,
      startedAt: row.started_at,
      answer: answers.get(row.id),
    }));
  }
}

function toMessage({ id, role, content, extra }: TurnMessageRow): SavedTurnMessage {
  return { id, role, content, extra: extra === null ? null : (JSON.parse(extra) as Record<string, unknown>) };
}

import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { isDuplicateKey, Transactions } from '../../../platform/database/index.js';
import { conversationConfig } from '../conversation.config.js';
import { type AnswerPiece, parsePiece } from '../domain/answer-piece.js';
import { shardOf } from '../domain/shards.js';
import { type Turn, turnSchema } from '../domain/turn.js';
import type { KeptState, TurnPlace } from './kept-turn.js';
import type { AbandonedTurn, TurnView } from './turn.store.js';

interface Affected {
  affectedRows: number;
}

interface WaitingRow {
  id: string;
  state: string;
  turn: string | null;
  answer: string | null;
}

const LEASE = 'UTC_TIMESTAMP(3) + INTERVAL ? * 1000 MICROSECOND';
/** Reading a conversation never loads more of its turns than this at once. */
const READ_LIMIT = 1_000;

/**
 * Turns kept in the database (`waiting_turns`): those accepted or finished while Redis is away. Rows are only added,
 * changed and taken away by their own keys; no conversation is locked.
 */
@Injectable()
export class WaitingTurnRepository implements TurnPlace {
  constructor(
    private readonly transactions: Transactions,
    @Inject(conversationConfig.token) private readonly config: ConfigOf<typeof conversationConfig>,
  ) {}

  /** Takes the place of the conversation's running turn, or tells that another has it. */
  async enter(conversationId: string, turnId: string, ownerId: string): Promise<'go' | 'wait'> {
    try {
      await this.query(
        `INSERT INTO waiting_turns (id, conversation_id, owner_id, running_conversation_id, shard, state, started_at, leased_until)
         VALUES (?, ?, ?, ?, ?, 'entered', UTC_TIMESTAMP(3), ${LEASE})`,
        [turnId, conversationId, ownerId, conversationId, shardOf(conversationId), this.config.turnLeaseMs],
      );
      return 'go';
    } catch (error) {
      if (isDuplicateKey(error)) return 'wait';
      throw error;
    }
  }

  /** Gives the place up without having been accepted. */
  async leave(turnId: string): Promise<void> {
    await this.query(`DELETE FROM waiting_turns WHERE id = ? AND state = 'entered'`, [turnId]);
  }

  /** Notes a turn before its first byte is sent: `busy` if another of its conversation runs, `exists` if it is noted. */
  async start(turn: Turn): Promise<'started' | 'busy' | 'exists'> {
    const entered = await this.query(
      `UPDATE waiting_turns SET state = 'running', turn = ?, request_hash = ?, started_at = ?, leased_until = ${LEASE}
       WHERE id = ? AND state = 'entered'`,
      [JSON.stringify(turn), turn.request_hash, new Date(turn.started_at), this.config.turnLeaseMs, turn.id],
    );
    if (entered.affectedRows === 1) return 'started';
    try {
      await this.insert(turn, 'running');
      return 'started';
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      return (await this.findRow(turn.id)) ? 'exists' : 'busy';
    }
  }

  async note(turn: Turn, from: number, pieces: readonly string[]): Promise<KeptState> {
    const text = pieces.map((piece) => `${piece}\n`).join('');
    const noted = await this.query(
      `UPDATE waiting_turns SET leased_until = ${LEASE}, answer = CONCAT(COALESCE(answer, ''), ?), piece_count = piece_count + ?
       WHERE id = ? AND state = 'running' AND is_claimed = 0 AND piece_count = ?`,
      [this.config.turnLeaseMs, text, pieces.length, turn.id, from],
    );
    const rows: { state: string; is_claimed: number; is_stopping: number; piece_count: number }[] =
      await this.transactions.single.query(
        'SELECT state, is_claimed, is_stopping, piece_count FROM waiting_turns WHERE id = ?',
        [turn.id],
      );
    const row = rows[0];
    if (!row) return 'unknown';
    if (row.state !== 'running' || row.is_claimed) return 'ended';
    // Noted before, and the answer was lost: then some of these pieces are there, and the rest still to be added.
    if (noted.affectedRows === 0 && row.piece_count > from && row.piece_count < from + pieces.length) {
      return this.note(turn, row.piece_count, pieces.slice(row.piece_count - from));
    }
    return row.is_stopping ? 'stopping' : 'running';
  }

  finish(turn: Turn): Promise<'done' | 'ended' | 'unknown'> {
    return this.finishIn(['running'], turn);
  }

  private async finishIn(states: readonly string[], turn: Turn): Promise<'done' | 'ended' | 'unknown'> {
    const finished = await this.query(
      `UPDATE waiting_turns SET state = 'finished', running_conversation_id = NULL, turn = ?, started_at = ?, answer = NULL
       WHERE id = ? AND state IN (?)`,
      [JSON.stringify(turn), new Date(turn.started_at), turn.id, states],
    );
    if (finished.affectedRows === 1) return 'done';
    return (await this.findRow(turn.id)) ? 'ended' : 'unknown';
  }

  /**
   * Keeps a finished turn. One that is here already stays as it is, unless it was still running, or had entered here
   * and was started in Redis, which had come back in between.
   */
  async keepFinished(turns: readonly Turn[]): Promise<void> {
    for (const turn of turns) {
      if ((await this.finishIn(['running', 'entered'], turn)) !== 'unknown') continue;
      try {
        await this.insert(turn, 'finished');
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    }
  }

  /** Keeps what was to be a turn and cannot be read, for an operator to see. */
  async keepUnreadable(place: { conversationId: string; turnId: string }, text: string): Promise<void> {
    await this.query(
      `INSERT IGNORE INTO waiting_turns (id, conversation_id, owner_id, shard, state, started_at, turn)
       VALUES (?, ?, '', ?, 'finished', UTC_TIMESTAMP(3), ?)`,
      [place.turnId, place.conversationId, shardOf(place.conversationId), text],
    );
  }

  /** Asks the process that runs a turn to end it. Returns false if it does not run. */
  async requestStop(turnId: string): Promise<boolean> {
    await this.query(`UPDATE waiting_turns SET is_stopping = 1 WHERE id = ? AND state = 'running'`, [turnId]);
    return (await this.findRow(turnId))?.state === 'running';
  }

  /** The running turn of a conversation. */
  async findRunning(conversationId: string): Promise<Turn | undefined> {
    const rows: WaitingRow[] = await this.transactions.single.query(
      `SELECT turn FROM waiting_turns WHERE running_conversation_id = ? AND state = 'running'`,
      [conversationId],
    );
    return parseTurn(rows[0]?.turn);
  }

  /** A turn that runs or waits, with the pieces of its answer from number `from` on. */
  async view(turnId: string, from: number): Promise<TurnView | undefined> {
    const row = await this.findRow(turnId);
    const turn = parseTurn(row?.turn);
    return turn && { turn, pieces: piecesOf(row?.answer).slice(from) };
  }

  /** A turn of the last `seconds` that asked for the same. */
  async findRequest(ownerId: string, requestHash: string, seconds: number): Promise<Turn | undefined> {
    const rows: WaitingRow[] = await this.transactions.single.query(
      `SELECT turn FROM waiting_turns WHERE owner_id = ? AND request_hash = ? AND state IN ('running', 'finished')
         AND started_at > UTC_TIMESTAMP(3) - INTERVAL ? SECOND ORDER BY started_at DESC LIMIT 1`,
      [ownerId, requestHash, seconds],
    );
    return parseTurn(rows[0]?.turn);
  }

  /** The finished turns of a conversation that wait here, in the order in which they will be saved. */
  async finishedTurns(conversationId: string): Promise<Turn[]> {
    const rows: WaitingRow[] = await this.transactions.single.query(
      `SELECT turn FROM waiting_turns WHERE conversation_id = ? AND state = 'finished'
       ORDER BY started_at, position LIMIT ${READ_LIMIT}`,
      [conversationId],
    );
    return rows.flatMap((row) => parseTurn(row.turn) ?? []);
  }

  /** Running turns whose processes gave no sign of life; they are the caller's to end for the time of a lease. */
  claimAbandoned(limit: number): Promise<AbandonedTurn[]> {
    return this.transactions.run(async (transaction) => {
      const rows: WaitingRow[] = await transaction.query(
        `SELECT id, state, turn, answer FROM waiting_turns
         WHERE state IN ('running', 'entered') AND leased_until < UTC_TIMESTAMP(3) LIMIT ? FOR UPDATE SKIP LOCKED`,
        [limit],
      );
      const entered = rows.filter((row) => row.state === 'entered').map((row) => row.id);
      const running = rows.filter((row) => row.state === 'running');
      if (entered.length > 0) await transaction.query('DELETE FROM waiting_turns WHERE id IN (?)', [entered]);
      if (running.length > 0) {
        await transaction.query(
          `UPDATE waiting_turns SET is_claimed = 1, leased_until = ${LEASE} WHERE id IN (?)`,
          [this.config.turnLeaseMs, running.map((row) => row.id)],
        );
      }
      return running.flatMap((row) => {
        const turn = parseTurn(row.turn);
        return turn ? { turn, pieces: piecesOf(row.answer), place: this } : [];
      });
    });
  }

  private async insert(turn: Turn, state: 'running' | 'finished'): Promise<void> {
    await this.query(
      `INSERT INTO waiting_turns
         (id, conversation_id, owner_id, running_conversation_id, shard, state, started_at, leased_until, request_hash, turn)
       VALUES (?, ?, ?, ?, ?, ?, ?, ${LEASE}, ?, ?)`,
      [
        turn.id,
        turn.conversation_id,
        turn.owner_id,
        state === 'running' ? turn.conversation_id : null,
        shardOf(turn.conversation_id),
        state,
        new Date(turn.started_at),
        this.config.turnLeaseMs,
        turn.request_hash,
        JSON.stringify(turn),
      ],
    );
  }

  private async findRow(turnId: string): Promise<WaitingRow | undefined> {
    const rows: WaitingRow[] = await this.transactions.single.query(
      'SELECT id, state, turn, answer FROM waiting_turns WHERE id = ?',
      [turnId],
    );
    return rows[0];
  }

  private query(sql: string, values: unknown[]): Promise<Affected> {
    return this.transactions.single.query(sql, values);
  }
}

function parseTurn(text: string | null | undefined): Turn | undefined {
  if (text === null || text === undefined) return undefined;
  try {
    return turnSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function piecesOf(answer: string | null | undefined): AnswerPiece[] {
  return (answer ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map(parsePiece);
}

import { expect } from 'vitest';
import type { Transactions } from '../../src/platform/database/index.js';

/**
 * How a turn stands for its client. `accepted`: it has an id; `done`: its answer ended with [DONE]; `broken`: it was
 * accepted, and its answer ended otherwise; `left`: its client has gone; `refused`: answered with an error and without an id; `unknown`: nothing
 * was heard of it.
 */
type ClientState = 'asked' | 'accepted' | 'done' | 'broken' | 'left' | 'refused' | 'unknown';

interface Chunk {
  choices?: { delta?: { content?: string } }[];
  error?: { code: string };
}

/** One turn as its client sees it. */
export class ClientTurn {
  state: ClientState = 'asked';
  status: number | undefined;
  /** Where it was asked for. */
  apiUrl = '';
  id: string | undefined;
  retryAfter: string | undefined;
  /** What it was told, if it failed. */
  failure = '';
  /** The answer so far, in pieces with the time of their arrival. */
  readonly pieces: { text: string; atMs: number }[] = [];
  readonly askedAtMs = performance.now();
  /** When the head of the answer came. */
  begunAtMs: number | undefined;
  endedAtMs: number | undefined;

  constructor(
    readonly conversationId: string,
    readonly userId: string,
    /** What it says; no other turn of the conversation says the same. */
    readonly text: string,
    /** Its place among all turns that were asked for. */
    readonly place: number,
  ) {}

  get answer(): string {
    return this.pieces.map(({ text }) => text).join('');
  }

  get isAccepted(): boolean {
    return this.id !== undefined;
  }

  begin(status: number, id: string | undefined, retryAfter: string | undefined): void {
    this.begunAtMs = performance.now();
    Object.assign(this, { status, id, retryAfter, state: id === undefined ? 'refused' : 'accepted' });
  }

  hear(data: string): void {
    if (data === '[DONE]') {
      this.state = 'done';
      return;
    }
    const chunk = JSON.parse(data) as Chunk;
    const text = chunk.choices?.[0]?.delta?.content;
    if (chunk.error) this.failure = chunk.error.code;
    if (text) this.pieces.push({ text, atMs: performance.now() });
  }

  /** The client goes away before the end. */
  leave(): void {
    this.state = 'left';
  }

  fail(failure: string): void {
    this.failure ||= failure;
    this.end('');
  }

  end(page: string): void {
    this.endedAtMs ??= performance.now();
    this.failure ||= page;
    if (this.state === 'asked') this.state = 'unknown';
    if (this.state === 'accepted') this.state = 'broken';
  }
}

interface SavedRow {
  turn_id: string;
  conversation_id: string;
  sequence: number;
  role: string;
  content: string;
  turn_status: string;
}

/** A turn as it was saved. */
export interface SavedTurn {
  readonly id: string;
  readonly conversationId: string;
  readonly status: string;
  readonly question: string;
  /** Undefined if there is none, since nothing was answered. */
  readonly answer: string | undefined;
}

/** What became of the turns that were asked for. */
export interface TurnCounts {
  asked: number;
  accepted: number;
  done: number;
  broken: number;
  refused: number;
  /** Those that were saved though their clients heard nothing of them. */
  savedUnheard: number;
  saved: number;
  interrupted: number;
  lost: number;
  duplicated: number;
  outOfOrder: number;
}

/** All turns that clients asked for, to be held against what was saved. */
export class TurnLedger {
  readonly turns: ClientTurn[] = [];
  /** What was noted of the answers of running turns when their processes were killed, by the turns' ids. */
  readonly noted = new Map<string, string>();

  ask(conversationId: string, userId: string, message: string): ClientTurn {
    const place = this.turns.length;
    const turn = new ClientTurn(conversationId, userId, `${message} (${place})`, place);
    this.turns.push(turn);
    return turn;
  }

  count(state: ClientState): number {
    return this.turns.filter((turn) => turn.state === state).length;
  }

  get accepted(): ClientTurn[] {
    return this.turns.filter((turn) => turn.isAccepted);
  }

  get userIds(): string[] {
    return [...new Set(this.turns.map((turn) => turn.userId))];
  }

  /** Accepted turns that have no row yet. */
  async findUnsaved(database: Transactions): Promise<ClientTurn[]> {
    const rows: { id: string }[] = await database.single.query('SELECT id FROM turns');
    const saved = new Set(rows.map(({ id }) => id));
    return this.accepted.filter(({ id }) => !saved.has(id ?? ''));
  }

  /**
   * Expects that each accepted turn was saved once, in order, as its client saw it: whole, or interrupted with all
   * that had been noted and nothing that was not sent; and that no refused turn was saved.
   */
  async expectSaved(database: Transactions): Promise<TurnCounts> {
    const rows = await readRows(database);
    const saved = toSavedTurns(rows);
    const counts = this.compare(saved);
    expect(this.findOutOfOrder(saved)).toEqual([]);
    expect(counts).toMatchObject({ lost: 0, duplicated: 0, outOfOrder: 0 });
    const savedById = new Map(saved.map((turn) => [turn.id, turn]));
    for (const turn of this.accepted) this.expectAnswer(turn, savedById.get(turn.id ?? ''));
    const refused = new Set(this.turns.filter(({ state }) => state === 'refused').map(({ text }) => text));
    expect(saved.filter(({ question }) => refused.has(question))).toEqual([]);
    expectSequences(rows);
    await expectCounters(database);
    return counts;
  }

  private compare(saved: readonly SavedTurn[]): TurnCounts {
    const savedIds = new Set(saved.map(({ id }) => id));
    const questions = saved.map(({ question }) => question);
    const acceptedIds = new Set(this.accepted.map(({ id }) => id));
    return {
      asked: this.turns.length,
      accepted: this.accepted.length,
      done: this.count('done'),
      broken: this.count('broken'),
      refused: this.count('refused'),
      savedUnheard: saved.filter(({ id }) => !acceptedIds.has(id)).length,
      saved: saved.length,
      interrupted: saved.filter(({ status }) => status === 'interrupted').length,
      lost: this.accepted.filter(({ id }) => !savedIds.has(id ?? '')).length,
      duplicated: questions.length - new Set(questions).size,
      outOfOrder: this.findOutOfOrder(saved).length,
    };
  }

  /** Those that were saved behind one of their conversation that was asked for later, each with that one. */
  private findOutOfOrder(saved: readonly SavedTurn[]): SavedTurn[][] {
    const placeOf = new Map(this.turns.map(({ text, place }) => [text, place]));
    const latest = new Map<string, { place: number; turn: SavedTurn }>();
    return saved.flatMap((turn) => {
      const place = placeOf.get(turn.question);
      if (place === undefined) throw new Error(`Nobody asked '${turn.question}'.`);
      const before = latest.get(turn.conversationId);
      if (before && before.place > place) return [[before.turn, turn]];
      latest.set(turn.conversationId, { place, turn });
      return [];
    });
  }

  private expectAnswer(turn: ClientTurn, saved: SavedTurn | undefined): void {
    const context = `${turn.text}, ${turn.state}, ${turn.failure}`;
    expect(saved, context).toMatchObject({ conversationId: turn.conversationId, question: turn.text });
    if (turn.state === 'done') {
      expect(saved, context).toMatchObject({ status: 'complete', answer: turn.answer });
      return;
    }
    const answer = saved?.answer ?? '';
    if (turn.state === 'left') {
      expect(saved?.status, context).toBe('complete');
      expect(answer.slice(0, turn.answer.length), context).toBe(turn.answer);
      return;
    }
    expect(saved?.status, context).toMatch(/^(interrupted|complete)$/);
    expect(answer, context).toBe(turn.answer.slice(0, answer.length));
    const noted = this.noted.get(turn.id ?? '') ?? '';
    expect(answer.slice(0, noted.length), context).toBe(noted);
  }

  /** How far behind its client what was saved of an interrupted turn is at the most, in milliseconds. */
  async longestLagMs(database: Transactions, endedAtMs: number): Promise<number> {
    const saved = new Map(toSavedTurns(await readRows(database)).map((turn) => [turn.id, turn]));
    const lags = this.turns
      .filter(({ state }) => state === 'broken')
      .map((turn) => {
        const kept = saved.get(turn.id ?? '')?.answer?.length ?? 0;
        let length = 0;
        const missing = turn.pieces.find(({ text }) => (length += text.length) > kept);
        return missing ? Math.min(turn.endedAtMs ?? endedAtMs, endedAtMs) - missing.atMs : 0;
      });
    return Math.round(Math.max(0, ...lags));
  }
}

function readRows(database: Transactions): Promise<SavedRow[]> {
  return database.single.query(
    `SELECT m.turn_id, m.conversation_id, m.sequence, m.role, m.content, t.status AS turn_status
     FROM conversation_messages m JOIN turns t ON t.id = m.turn_id ORDER BY m.conversation_id, m.sequence`,
  );
}

/** In the order of their first messages. */
function toSavedTurns(rows: readonly SavedRow[]): SavedTurn[] {
  const turns = new Map<string, SavedRow[]>();
  for (const row of rows) turns.set(row.turn_id, [...(turns.get(row.turn_id) ?? []), row]);
  return [...turns.values()].map((messages) => {
    const [first] = messages;
    if (!first) throw new Error('A turn has no message.');
    return {
      id: first.turn_id,
      conversationId: first.conversation_id,
      status: first.turn_status,
      question: first.content,
      answer: messages.find(({ role }) => role === 'assistant')?.content,
    };
  });
}

/** The messages of each conversation are numbered without gaps, and each turn's stand together, question first. */
function expectSequences(rows: readonly SavedRow[]): void {
  let before: SavedRow | undefined;
  for (const row of rows) {
    const isNew = row.conversation_id !== before?.conversation_id;
    expect(row.sequence).toBe(isNew ? 1 : (before?.sequence ?? 0) + 1);
    if (row.role === 'assistant') expect(row.turn_id).toBe(before?.turn_id);
    else expect(row.turn_id).not.toBe(before?.turn_id);
    before = row;
  }
}

async function expectCounters(database: Transactions): Promise<void> {
  const wrong: unknown[] = await database.single.query(
    `SELECT c.id, c.message_count, c.last_sequence, COUNT(m.id) AS messages
     FROM conversations c LEFT JOIN conversation_messages m ON m.conversation_id = c.id
     GROUP BY c.id, c.message_count, c.last_sequence
     HAVING c.message_count <> COUNT(m.id) OR c.last_sequence <> COUNT(m.id)`,
  );
  expect(wrong).toEqual([]);
}

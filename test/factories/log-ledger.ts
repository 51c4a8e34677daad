import { expect } from 'vitest';
import type { Transactions } from '../../src/platform/database/index.js';

/**
 * How a request stands for its client. `taken`: answered with 2xx; `refused`: answered otherwise; `unheard`: cut off
 * without an answer.
 */
type SentState = 'sent' | 'taken' | 'refused' | 'unheard';

/** What the answers to a request may say. */
export interface LogAnswerBody {
  message_id?: string;
  message_ids?: string[];
  receipt_id?: string;
  fate?: string;
  code?: string;
}

/** An answer that was not 2xx. */
export interface LogRefusal {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
}

/** One request with log lines, as its client sees it. Each line's message is a text that no other line has. */
export class SentLogs {
  state: SentState = 'sent';
  status: number | undefined;
  answer: LogAnswerBody = {};
  text = '';
  /** Whether an attempt ended so that nobody knows whether it was taken in. */
  isUncertain = false;
  /** Of all attempts, in their order. */
  readonly refusals: LogRefusal[] = [];

  constructor(
    readonly format: string,
    readonly texts: readonly string[],
  ) {}

  get isTaken(): boolean {
    return this.state === 'taken';
  }

  /** The ids of its lines, if its format's answer tells them. */
  get ids(): readonly string[] {
    const { message_id: single, message_ids: several } = this.answer;
    return several ?? (single === undefined ? [] : [single]);
  }

  heard(status: number, text: string, retryAfter: string | null): void {
    const isJson = text.startsWith('{');
    const isTaken = status >= 200 && status < 300;
    this.answer = isJson ? (JSON.parse(text) as LogAnswerBody) : {};
    Object.assign(this, { status, text, state: isTaken ? 'taken' : 'refused' });
    if (!isTaken) this.refusals.push({ status, text, retryAfter });
    // Redis may have gone between taking it and saying so; a proxy knows no more.
    if (status === 502 || status === 504 || /log_queue_unavailable|queue for logs/.test(text))
      this.isUncertain = true;
  }

  cutOff(reason: string): void {
    this.isUncertain = true;
    Object.assign(this, { state: 'unheard', text: reason });
  }
}

interface StoredText {
  id: string;
  message: string;
}

/** What became of all lines that were sent. */
export interface LogCounts {
  requests: number;
  takenLines: number;
  refused: number;
  unheard: number;
  /** Stored lines whose clients heard nothing, or that nobody knew it. */
  storedUnheard: number;
  lost: number;
  doubled: number;
}

/** All log lines that clients sent, to be held against the table. */
export class LogLedger {
  readonly sent: SentLogs[] = [];
  private lines = 0;

  /** A request with so many lines. */
  note(format: string, lineCount: number): SentLogs {
    const texts = Array.from({ length: lineCount }, () => `line ${this.lines++} of ${format}`);
    const request = new SentLogs(format, texts);
    this.sent.push(request);
    return request;
  }

  count(isMeant: (request: SentLogs) => boolean): number {
    return this.sent.filter(isMeant).length;
  }

  get refusals(): LogRefusal[] {
    return this.sent.flatMap(({ refusals }) => refusals);
  }

  /** Lines of requests that were answered with 2xx. */
  get takenLines(): number {
    return this.sent.reduce((sum, request) => sum + (request.isTaken ? request.texts.length : 0), 0);
  }

  /**
   * Expects that each line that was answered with 2xx is in the table, once, under the id that was told; that a request
   * of any other fate is there whole or not at all; that nothing is there of what was refused; and nothing else.
   */
  async expectStored(database: Transactions): Promise<LogCounts> {
    const rows: StoredText[] = await database.single.query('SELECT id, message FROM logs');
    const idOf = new Map(rows.map(({ id, message }) => [message, id]));
    const known = new Set(this.sent.flatMap(({ texts }) => texts));
    const shown = (requests: readonly SentLogs[]) =>
      requests.map(({ format, texts, state, status, text }) => ({
        format,
        first: texts[0],
        state,
        status,
        text,
        stored: texts.filter((line) => idOf.has(line)).length,
        sent: texts.length,
      }));
    const stored = (request: SentLogs) => request.texts.filter((line) => idOf.has(line)).length;
    const lost = this.sent.filter((request) => request.isTaken && stored(request) < request.texts.length);
    const halves = this.sent.filter(
      (request) => stored(request) > 0 && stored(request) < request.texts.length,
    );
    const refusedButStored = this.sent.filter(
      (request) => request.state === 'refused' && !request.isUncertain && stored(request) > 0,
    );
    expect(shown(lost), 'lost').toEqual([]);
    expect(shown(halves), 'half taken in').toEqual([]);
    expect(shown(refusedButStored), 'refused, and stored').toEqual([]);
    expect(rows.length - idOf.size, 'stored twice').toBe(0);
    expect(rows.filter(({ message }) => !known.has(message)).length, 'sent by nobody').toBe(0);
    for (const request of this.sent) expectIds(request, idOf);
    return {
      requests: this.sent.length,
      takenLines: this.takenLines,
      refused: this.count(({ state }) => state === 'refused'),
      unheard: this.count(({ state }) => state === 'unheard'),
      storedUnheard: rows.length - this.takenLines,
      lost: lost.length,
      doubled: rows.length - idOf.size,
    };
  }
}

/** Lines have the ids that were told, and those of a request rise in the order of its lines. */
function expectIds(request: SentLogs, idOf: ReadonlyMap<string, string>): void {
  const ids = request.texts.flatMap((text) => idOf.get(text) ?? []);
  if (request.isTaken && request.ids.length > 0) expect(ids, request.texts[0]).toEqual(request.ids);
  expect(ids, request.texts[0]).toEqual([...ids].sort());
}

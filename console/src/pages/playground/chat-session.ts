import { api } from '../../api/client.ts';
import { ProblemError, toProblem } from '../../api/problem.ts';
import { randomId } from '../../api/random-id.ts';
import type { TurnStatus } from '../../api/turn-status.ts';
import {
  type AnswerEvent,
  beginTurn,
  type ChatRequest,
  followTurn,
  readChat,
  readCompletion,
  readTurn,
  stopTurn,
  type StoredMessage,
  type TurnState,
} from './chat-api.ts';

/** A message as it is shown. */
export interface ShownMessage {
  readonly id: string;
  readonly role: string;
  readonly text: string;
  readonly turnId: string | null;
  readonly status: TurnStatus;
}

/**
 * `loading`: the conversation is read. `idle`: nothing runs. `waiting`: sent, no first token yet. `answering`: the answer
 * comes. `reconnecting`: the connection broke; the turn runs on and is being followed again.
 */
export type ChatPhase = 'loading' | 'idle' | 'waiting' | 'answering' | 'reconnecting';

export interface ChatSnapshot {
  readonly conversationId: string | null;
  readonly phase: ChatPhase;
  readonly messages: readonly ShownMessage[];
  readonly hasEarlier: boolean;
  /** The turn that runs, or the last one: with what it used and cost once it has ended. */
  readonly turnId: string | null;
  readonly turn: TurnState | null;
  readonly problem: ProblemError | null;
  /** The newest message was refused, or did not get through. */
  readonly isUnsent: boolean;
}

const EMPTY: ChatSnapshot = {
  conversationId: null,
  phase: 'idle',
  messages: [],
  hasEarlier: false,
  turnId: null,
  turn: null,
  problem: null,
  isUnsent: false,
};
const TITLE_LENGTH = 80;
const PUBLISH_MS = 50;
const FIRST_BACK_OFF_MS = 300;
const LONGEST_BACK_OFF_MS = 5000;
/** After this many failures in a row the user decides. */
const MOST_RECONNECTS = 20;

/**
 * One conversation of the Playground. The server holds the truth: a turn runs on whatever this page does, so
 * leaving, reloading and a broken connection only mean to follow it again from where the text ends.
 */
export class ChatSession {
  private snapshot = EMPTY;
  /** What readers see: up to `PUBLISH_MS` behind while an answer comes. */
  private published = EMPTY;
  private publishTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();
  private attention = new AbortController();
  /** A request of which nobody knows whether it arrived: repeated with its key, it is one turn at the most. */
  private uncertain: { request: ChatRequest; key: string } | null = null;

  readonly read = (): ChatSnapshot => this.published;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Shows a conversation, and follows the turn that runs in it. null: a new one. */
  async open(conversationId: string | null): Promise<void> {
    if (conversationId !== null && conversationId === this.snapshot.conversationId) return;
    const { signal } = this.attend();
    this.snapshot = EMPTY;
    this.change({ conversationId, phase: conversationId === null ? 'idle' : 'loading' });
    if (conversationId === null) return;
    await this.guard(signal, async () => {
      const chat = await readChat(conversationId, signal);
      if (signal.aborted) return;
      this.change({ messages: chat.messages.map(toShown), hasEarlier: chat.has_earlier });
      const last = this.snapshot.messages.at(-1);
      if (!last?.turnId) return this.change({ phase: 'idle' });
      const turn = await readTurn(conversationId, last.turnId, signal);
      if (signal.aborted) return;
      this.change({ turnId: last.turnId, turn });
      if (turn.status === 'running') await this.follow(signal);
      else this.change({ phase: 'idle', problem: problemOf(turn) });
    });
  }

  /**
   * Sends a message and shows the answer to its end; makes the conversation with the first one, whose id `opened` is
   * told. @returns false if the message was not taken, so that it is to be written or sent again
   */
  async send(request: ChatRequest, opened: (conversationId: string) => void): Promise<boolean> {
    const { signal } = this.attend();
    this.change({ phase: 'waiting', problem: null, isUnsent: false, turn: null, turnId: null });
    const key = this.keyFor(request);
    const question = { id: key, role: 'user', text: request.text, turnId: null, status: 'complete' } as const;
    const before = this.snapshot.messages;
    this.change({ messages: [...before, question] });
    await this.guard(signal, async () => {
      try {
        const conversationId =
          this.snapshot.conversationId ?? (await this.makeConversation(request.text, opened));
        await this.stream(conversationId, request, key, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (toProblem(error).status === 0) this.uncertain = { request, key };
        const turn = this.snapshot.turn ?? (await this.findKeptTurn(request.text, before, signal));
        if (turn?.status === 'running') return this.follow(signal);
        if (!turn && this.snapshot.turnId === null) this.change({ messages: before, isUnsent: true });
        throw error;
      }
    });
    return signal.aborted || !this.snapshot.isUnsent;
  }

  /** Ends the running turn with what there is. Its end comes by the stream. */
  async stop(): Promise<void> {
    const { conversationId } = this.snapshot;
    if (conversationId !== null) await stopTurn(conversationId);
  }

  /** Stops listening; the turn runs on. */
  close(): void {
    this.attention.abort();
    this.snapshot = EMPTY;
    this.publish();
  }

  private async makeConversation(text: string, opened: (id: string) => void): Promise<string> {
    const title = text
      .replace(/\s+/gu, ' ')
      .trim()
      .slice(0, TITLE_LENGTH)
      // Half of a character is none.
      .replace(/[\uD800-\uDBFF]$/u, '');
    const { id } = await api.post<{ id: string }>('/api/conversations', title === '' ? {} : { title });
    this.change({ conversationId: id });
    opened(id);
    return id;
  }

  private async stream(
    conversationId: string,
    request: ChatRequest,
    key: string,
    signal: AbortSignal,
  ): Promise<void> {
    const response = await beginTurn(conversationId, request, key, signal);
    const turnId = response.headers.get('x-turn-id');
    if (turnId === null)
      throw new ProblemError({ status: 0, code: 'console_error', title: 'The answer names no turn.' });
    this.change({ turnId });
    this.beginAnswer(turnId);
    const isWhole = await this.take(readCompletion(response), signal);
    if (!isWhole) await this.follow(signal);
    else await this.finish(signal);
  }

  /** Follows the turn to its end, over as many connections as it takes. */
  private async follow(signal: AbortSignal): Promise<void> {
    const { conversationId, turnId } = this.snapshot;
    if (conversationId === null || turnId === null) return;
    this.beginAnswer(turnId);
    for (let failures = 0; !signal.aborted; failures++) {
      const before = this.answerText().length;
      const events = followTurn(conversationId, turnId, before, signal);
      if (await this.take(events, signal)) return this.finish(signal);
      if (signal.aborted) return;
      if (this.answerText().length > before) failures = 0;
      if (failures >= MOST_RECONNECTS) {
        throw new ProblemError({ status: 0, code: 'network_error', title: 'The answer cannot be followed.' });
      }
      this.change({ phase: 'reconnecting' });
      await pause(Math.min(FIRST_BACK_OFF_MS * 2 ** failures, LONGEST_BACK_OFF_MS), signal);
    }
  }

  /** Adds what comes to the answer. @returns whether its end has come; false if the connection broke */
  private async take(events: AsyncGenerator<AnswerEvent>, signal: AbortSignal): Promise<boolean> {
    try {
      for await (const event of events) {
        if (signal.aborted) return false;
        if (event.type === 'text') this.setAnswer(this.answerText() + event.text);
        else {
          if (event.text !== null) this.setAnswer(event.text);
          this.change({ problem: event.problem });
          return true;
        }
      }
      return false;
    } catch (error) {
      const problem = toProblem(error);
      // A refusal is not a broken connection: asking again would be refused again.
      if (error instanceof ProblemError && problem.status > 0 && !problem.isRetryable) throw error;
      return false;
    }
  }

  /** Reads how the turn ended and what it cost. */
  private async finish(signal: AbortSignal): Promise<void> {
    const { conversationId, turnId, problem } = this.snapshot;
    if (conversationId === null || turnId === null) return;
    const turn = await readTurn(conversationId, turnId, signal);
    if (signal.aborted) return;
    const messages = this.snapshot.messages.map((message) =>
      message.turnId === turnId && message.role === 'assistant'
        ? { ...message, status: turn.status }
        : message,
    );
    this.change({ phase: 'idle', turn, messages, problem: problem ?? problemOf(turn) });
  }

  /** The turn that the message became although its sending failed: its question is the newest one, and was not there. */
  private async findKeptTurn(
    text: string,
    before: readonly ShownMessage[],
    signal: AbortSignal,
  ): Promise<TurnState | undefined> {
    const { conversationId } = this.snapshot;
    if (conversationId === null) return undefined;
    try {
      const last = (await readChat(conversationId, signal)).messages.map(toShown).at(-1);
      if (!last?.turnId || last.role !== 'user' || last.text !== text) return undefined;
      if (before.some(({ turnId }) => turnId === last.turnId)) return undefined;
      const turn = await readTurn(conversationId, last.turnId, signal);
      this.change({ turnId: last.turnId, turn, messages: [...before, last] });
      return turn;
    } catch {
      return undefined;
    }
  }

  private keyFor(request: ChatRequest): string {
    const { uncertain } = this;
    this.uncertain = null;
    const isSame = uncertain && JSON.stringify(uncertain.request) === JSON.stringify(request);
    return isSame ? uncertain.key : randomId();
  }

  private beginAnswer(turnId: string): void {
    const { messages } = this.snapshot;
    const last = messages.at(-1);
    const isThere = last?.role === 'assistant' && last.turnId === turnId;
    const answer = {
      id: `${turnId}-answer`,
      role: 'assistant',
      text: '',
      turnId,
      status: 'running',
    } as const;
    this.change({ phase: 'answering', messages: isThere ? messages : [...messages, answer] });
  }

  private answerText(): string {
    return this.snapshot.messages.at(-1)?.text ?? '';
  }

  private setAnswer(text: string): void {
    const { messages } = this.snapshot;
    const answer = messages.at(-1);
    if (!answer) return;
    this.snapshot = {
      ...this.snapshot,
      phase: 'answering',
      messages: [...messages.slice(0, -1), { ...answer, text }],
    };
    // Tokens come faster than anybody reads: a render for each would only make the page slow.
    this.publishTimer ??= setTimeout(() => this.publish(), PUBLISH_MS);
  }

  private attend(): AbortController {
    this.attention.abort();
    this.attention = new AbortController();
    return this.attention;
  }

  private async guard(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!signal.aborted) this.change({ phase: 'idle', problem: toProblem(error) });
    }
  }

  private change(part: Partial<ChatSnapshot>): void {
    this.snapshot = { ...this.snapshot, ...part };
    this.publish();
  }

  private publish(): void {
    clearTimeout(this.publishTimer);
    this.publishTimer = undefined;
    if (this.published === this.snapshot) return;
    this.published = this.snapshot;
    for (const listener of this.listeners) listener();
  }
}

function toShown({ id, role, parts, metadata }: StoredMessage): ShownMessage {
  const text = parts.map((part) => (part.type === 'text' ? (part.text ?? '') : '')).join('');
  return { id, role, text, turnId: metadata.turn_id, status: metadata.status };
}

/** How a turn ended badly, as far as its code tells. */
function problemOf(turn: TurnState): ProblemError | null {
  if (turn.status !== 'failed' && turn.status !== 'interrupted' && turn.status !== 'violation') return null;
  const code = turn.error_code ?? `turn_${turn.status}`;
  return new ProblemError({ status: 502, code, title: `The turn ended as ${turn.status}.` });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

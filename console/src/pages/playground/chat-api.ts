import { api, send } from '../../api/client.ts';
import { readEvents } from '../../api/event-stream.ts';
import { ProblemError } from '../../api/problem.ts';
import type { TurnStatus } from '../../api/turn-status.ts';

/** A turn as it stands, or how it ended and what it cost. */
export interface TurnState {
  turn_id: string;
  conversation_id: string;
  status: TurnStatus;
  model: string;
  finish_reason: string | null;
  prompt_tokens: number;
  completion_tokens: number;
  cost: string;
  error_code: string | null;
  started_at: string;
  finished_at: string | null;
}

/** A stored message, as the chat shows it. */
export interface StoredMessage {
  id: string;
  role: string;
  parts: ReadonlyArray<{ type: string; text?: string }>;
  metadata: { turn_id: string; status: TurnStatus; created_at: string };
}

export interface StoredChat {
  messages: StoredMessage[];
  conversation_id: string | null;
  has_earlier: boolean;
}

export interface ChatRequest {
  readonly model: string;
  readonly text: string;
  readonly instructions: string;
  /** The longest answer in tokens; null: as long as the model gives. */
  readonly maxTokens: number | null;
}

/** What a stream of an answer brings: more text, or how it ended. */
export type AnswerEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'end'; readonly text: string | null; readonly problem: ProblemError | null };

interface CompletionChunk {
  choices?: Array<{ delta?: { content?: string | null } }>;
  error?: { message?: string; code?: string; error_id?: string } | null;
}

interface EndOfTurn {
  status: TurnStatus;
  text: string;
  error: { message?: string; code?: string; error_id?: string } | null;
}

/** Sends a message. The answer carries the turn's id and then streams. The same key begins one turn, however often. */
export function beginTurn(
  conversationId: string,
  { model, text, instructions, maxTokens }: ChatRequest,
  idempotencyKey: string,
  signal: AbortSignal,
): Promise<Response> {
  const system = instructions.trim() === '' ? [] : [{ role: 'system', content: instructions }];
  const body = {
    model,
    stream: true,
    messages: [...system, { role: 'user', content: text }],
    ...(maxTokens === null ? {} : { max_completion_tokens: maxTokens }),
  };
  const headers = { 'x-conversation-id': conversationId };
  return send('POST', '/v1/chat/completions', body, { signal, idempotencyKey, headers });
}

/** The answer of `beginTurn`, piece by piece. Ends without an `end` if the connection was cut. */
export async function* readCompletion(response: Response): AsyncGenerator<AnswerEvent> {
  for await (const { data } of readEvents(response)) {
    if (data === '[DONE]') {
      yield { type: 'end', text: null, problem: null };
      return;
    }
    const chunk = JSON.parse(data) as CompletionChunk;
    if (chunk.error) yield { type: 'end', text: null, problem: toTurnProblem(chunk.error) };
    const text = chunk.choices?.[0]?.delta?.content;
    if (text) yield { type: 'text', text };
  }
}

/** Follows a turn from any process, after so many UTF-16 units of its text. */
export async function* followTurn(
  conversationId: string,
  turnId: string,
  textLength: number,
  signal: AbortSignal,
): AsyncGenerator<AnswerEvent> {
  const path = `/api/conversations/${conversationId}/turns/${turnId}/stream`;
  const headers = { 'last-event-id': `${textLength}.0` };
  const response = await send('GET', path, undefined, { signal, headers });
  for await (const { name, data } of readEvents(response)) {
    if (name === 'text') yield { type: 'text', text: (JSON.parse(data) as { text: string }).text };
    if (name !== 'end') continue;
    const end = JSON.parse(data) as EndOfTurn;
    // A stream whose turn cannot be read just now ends as `running`: it is to be followed again.
    if (end.status === 'running') return;
    yield { type: 'end', text: end.text, problem: end.error ? toTurnProblem(end.error) : null };
  }
}

export const readChat = (conversationId: string, signal: AbortSignal) =>
  api.get<StoredChat>(`/api/chat/${conversationId}/messages`, { signal });

export const readTurn = (conversationId: string, turnId: string, signal: AbortSignal) =>
  api.get<TurnState>(`/api/conversations/${conversationId}/turns/${turnId}`, { signal });

/** Ends whatever turn runs in the conversation; also one that has no first token yet. */
export const stopTurn = (conversationId: string) => api.post(`/api/chat/${conversationId}/stop`);

function toTurnProblem(error: NonNullable<EndOfTurn['error']>): ProblemError {
  return new ProblemError({
    // The status went out before the failure; it is the answer's, not the console's.
    status: 502,
    code: error.code ?? 'internal_error',
    title: error.message ?? 'The turn failed.',
    errorId: error.error_id,
  });
}

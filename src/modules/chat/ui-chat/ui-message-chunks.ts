import type { AppError } from '../../../platform/errors/index.js';
import type { ToolCallDelta } from '../../provider/index.js';
import type { AnswerPiece, Citation } from '../../conversation/index.js';
import { toSourcePart } from './source-part.js';
import type { AnswerEnd } from '../running-turn.js';

/** One part of a UI message stream. */
export type UiChunk = { readonly type: string; readonly [field: string]: unknown };

interface OpenCall {
  id: string;
  name: string;
  input: string;
  hasStarted: boolean;
}

/** Our finish reasons are OpenAI's; the AI SDK refuses those that it does not know. */
const finishReasons: ReadonlyMap<string, string> = new Map([
  ['stop', 'stop'],
  ['length', 'length'],
  ['content_filter', 'content-filter'],
  ['tool_calls', 'tool-calls'],
]);

/**
 * An answer as a UI message stream (`uiMessageChunkSchema` of the npm package `ai`), version 1: `start` with the
 * message's id, one step with texts and tool calls, `finish`. One object writes one stream.
 */
export class UiMessageChunks {
  private textCount = 0;
  private isTextOpen = false;
  private readonly calls: OpenCall[] = [];

  constructor(
    private readonly messageId: string,
    private readonly citations: readonly Citation[] | null = null,
  ) {}

  first(): UiChunk[] {
    const sources = (this.citations ?? []).map(toSourcePart);
    return [{ type: 'start', messageId: this.messageId }, { type: 'start-step' }, ...sources];
  }

  piece(piece: AnswerPiece): UiChunk[] {
    if (piece.type === 'text') return this.text(piece.text);
    return piece.deltas.flatMap((delta) => this.toolCall(delta));
  }

  last(end: AnswerEnd): UiChunk[] {
    if (end.status === 'stopped') return [...this.closeText(), { type: 'abort', reason: 'stopped' }];
    if (end.error) return [...this.closeText(), errorChunk(end.error)];
    return [
      ...this.closeText(),
      ...this.calls.filter((call) => call !== undefined).flatMap((call) => this.closeCall(call)),
      { type: 'finish-step' },
      { type: 'finish', finishReason: finishReasons.get(end.finishReason) ?? 'other' },
    ];
  }

  private text(delta: string): UiChunk[] {
    if (delta === '') return [];
    const opening = this.isTextOpen ? [] : [{ type: 'text-start', id: `text-${++this.textCount}` }];
    this.isTextOpen = true;
    return [...opening, { type: 'text-delta', id: `text-${this.textCount}`, delta }];
  }

  private closeText(): UiChunk[] {
    if (!this.isTextOpen) return [];
    this.isTextOpen = false;
    return [{ type: 'text-end', id: `text-${this.textCount}` }];
  }

  /** A call is told of as soon as it has arguments, since its name may come in pieces before them. */
  private toolCall(delta: ToolCallDelta): UiChunk[] {
    const call = (this.calls[delta.index] ??= { id: '', name: '', input: '', hasStarted: false });
    if (delta.id) call.id = delta.id;
    call.name += delta.function?.name ?? '';
    const text = delta.function?.arguments ?? '';
    if (text === '') return [];
    call.input += text;
    return [
      ...this.closeText(),
      ...startCall(call),
      { type: 'tool-input-delta', toolCallId: call.id, inputTextDelta: text },
    ];
  }

  private closeCall(call: OpenCall): UiChunk[] {
    return [...startCall(call), inputChunk(call)];
  }
}

/** The end of a stream whose turn failed. */
export function errorChunk(error: AppError): UiChunk {
  return { type: 'error', errorText: error.message };
}

function startCall(call: OpenCall): UiChunk[] {
  if (call.hasStarted) return [];
  call.hasStarted = true;
  return [{ type: 'tool-input-start', toolCallId: call.id, toolName: call.name }];
}

function inputChunk({ id, name, input }: OpenCall): UiChunk {
  const call = { toolCallId: id, toolName: name };
  try {
    // A call without arguments has no text at all with some providers.
    return { type: 'tool-input-available', ...call, input: JSON.parse(input || '{}') as unknown };
  } catch {
    return {
      type: 'tool-input-error',
      ...call,
      input,
      errorText: 'The model gave arguments that are not JSON.',
    };
  }
}

import { uiMessageChunkSchema } from 'ai';
import { describe, expect, it } from 'vitest';
import { turnInterrupted } from '../chat.errors.js';
import type { AnswerPiece } from '../../conversation/index.js';
import type { AnswerEnd } from '../running-turn.js';
import { UiMessageChunks } from './ui-message-chunks.js';

const usage = { promptTokens: 1, completionTokens: 1, source: 'provider' } as const;
const complete: AnswerEnd = {
  status: 'complete',
  text: '',
  toolCalls: undefined,
  finishReason: 'stop',
  usage,
  error: undefined,
};
const text = (content: string): AnswerPiece => ({ type: 'text', text: content });

function call(index: number, fields: { id?: string; name?: string; arguments?: string }): AnswerPiece {
  const { id, ...called } = fields;
  return { type: 'tool_calls', deltas: [{ index, id, function: called }] };
}

/** The parts of a stream after its beginning, all of them readable to the SDK. */
async function streamed(pieces: AnswerPiece[], end: Partial<AnswerEnd> = {}) {
  const chunks = new UiMessageChunks('a1');
  const all = [
    ...chunks.first(),
    ...pieces.flatMap((piece) => chunks.piece(piece)),
    ...chunks.last({ ...complete, ...end }),
  ];
  for (const chunk of all)
    expect(await uiMessageChunkSchema().validate?.(chunk), JSON.stringify(chunk)).toMatchObject({
      success: true,
    });
  expect(all.slice(0, 2)).toEqual([{ type: 'start', messageId: 'a1' }, { type: 'start-step' }]);
  return all.slice(2);
}

const finish = (finishReason: string) => [{ type: 'finish-step' }, { type: 'finish', finishReason }];

describe('a UI message stream', () => {
  it('has one part for a text in pieces', async () => {
    expect(await streamed([text('a'), text(''), text('b')])).toEqual([
      { type: 'text-start', id: 'text-1' },
      { type: 'text-delta', id: 'text-1', delta: 'a' },
      { type: 'text-delta', id: 'text-1', delta: 'b' },
      { type: 'text-end', id: 'text-1' },
      ...finish('stop'),
    ]);
  });

  it('has parts for tool calls, also for those at once and those without arguments', async () => {
    const pieces = [
      text('a'),
      call(0, { id: 'c0', name: 'fi' }),
      call(0, { name: 'nd' }),
      call(0, { arguments: '{"x"' }),
      call(1, { id: 'c1', name: 'now' }),
      call(0, { arguments: ':1}' }),
      text('b'),
    ];
    expect(await streamed(pieces, { finishReason: 'tool_calls' })).toEqual([
      { type: 'text-start', id: 'text-1' },
      { type: 'text-delta', id: 'text-1', delta: 'a' },
      { type: 'text-end', id: 'text-1' },
      { type: 'tool-input-start', toolCallId: 'c0', toolName: 'find' },
      { type: 'tool-input-delta', toolCallId: 'c0', inputTextDelta: '{"x"' },
      { type: 'tool-input-delta', toolCallId: 'c0', inputTextDelta: ':1}' },
      { type: 'text-start', id: 'text-2' },
      { type: 'text-delta', id: 'text-2', delta: 'b' },
      { type: 'text-end', id: 'text-2' },
      { type: 'tool-input-available', toolCallId: 'c0', toolName: 'find', input: { x: 1 } },
      { type: 'tool-input-start', toolCallId: 'c1', toolName: 'now' },
      { type: 'tool-input-available', toolCallId: 'c1', toolName: 'now', input: {} },
      ...finish('tool-calls'),
    ]);
  });

  it('says so if the arguments of a call are not JSON', async () => {
    const parts = await streamed([call(0, { id: 'c0', name: 'find', arguments: '{"x' })]);
    expect(parts[2]).toMatchObject({ type: 'tool-input-error', toolCallId: 'c0', input: '{"x' });
  });

  it.each([
    ['length', 'length'],
    ['content_filter', 'content-filter'],
    ['a word of the provider', 'other'],
  ])('that ends for %s finishes with %s', async (finishReason, expected) => {
    expect(await streamed([], { finishReason })).toEqual(finish(expected));
  });

  it('ends with an abort if the turn was stopped', async () => {
    expect(await streamed([text('a')], { status: 'stopped' })).toEqual([
      { type: 'text-start', id: 'text-1' },
      { type: 'text-delta', id: 'text-1', delta: 'a' },
      { type: 'text-end', id: 'text-1' },
      { type: 'abort', reason: 'stopped' },
    ]);
  });

  it('ends with the error of a turn that failed', async () => {
    const error = turnInterrupted();
    const parts = await streamed([call(0, { id: 'c0', name: 'f', arguments: '{' })], {
      status: 'failed',
      error,
    });
    expect(parts.at(-1)).toEqual({ type: 'error', errorText: error.message });
    expect(parts.map(({ type }) => type)).not.toContain('tool-input-available');
  });
});

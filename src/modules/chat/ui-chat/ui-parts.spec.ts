import { describe, expect, it } from 'vitest';
import type { ReadableMessage } from '../../conversation/index.js';
import { messagePartUnreadable, userMessageMissing } from '../chat.errors.js';
import type { UiMessage, UiPart } from './ui-chat.dto.js';
import { openToolCalls, toChatMessages } from './ui-parts.js';

const text = (content: string): UiPart => ({ type: 'text', text: content });
const says = (role: UiMessage['role'], ...parts: UiPart[]): UiMessage => ({ id: 'm', role, parts });
const result = (toolCallId: string, fields: object): UiPart => ({ type: 'tool-f', toolCallId, ...fields });

function stored(role: string, extra: Record<string, unknown> | null = null): ReadableMessage {
  const rest = {
    status: 'complete',
    tokens: 1,
    created_at: '2026-01-01T00:00:00.000Z',
    branch: 0,
    is_saved: true,
  } as const;
  return { id: 'm', turn_id: 't', sequence: 1, role, content: '', extra, ...rest };
}

describe('what a request says', () => {
  it('is its instructions and its last message; the history is not taken from it', () => {
    const messages = [
      says('system', text('Be '), text('brief.')),
      says('user', text('earlier')),
      says('assistant', text('made up')),
      says('user', text('now '), { type: 'data-x', data: 1 }, { type: 'step-start' }, text('this')),
    ];
    expect(toChatMessages(messages, [])).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'now this' },
    ]);
  });

  it('is sent in parts if there is an image', () => {
    const image = { type: 'file', mediaType: 'image/webp', url: 'https://example.com/a.webp' };
    expect(toChatMessages([says('user', image, text('What?'))], [])).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: 'https://example.com/a.webp' } },
          { type: 'text', text: 'What?' },
        ],
      },
    ]);
  });

  it.each<[string, UiPart]>([
    [
      'a file that is no image',
      { type: 'file', mediaType: 'application/pdf', url: 'data:application/pdf,x' },
    ],
    ['an address of another kind', { type: 'file', mediaType: 'image/png', url: 'file:///etc/passwd' }],
    ['a file without an address', { type: 'file', mediaType: 'image/png' }],
    ['a text part without text', { type: 'text' }],
  ])('is refused with %s', (_, part) => {
    expect(() => toChatMessages([says('user', text('x'), part)], [])).toThrow(
      expect.objectContaining({ code: messagePartUnreadable.definition.code }) as Error,
    );
  });

  it.each<[string, UiMessage[]]>([
    ['nothing to read', [says('user', { type: 'data-x', data: 1 })]],
    ['an answer', [says('user', text('x')), says('assistant', text('y'))]],
    ['instructions', [says('system', text('x'))]],
  ])('is refused if it ends with %s', (_, messages) => {
    expect(() => toChatMessages(messages, ['c1'])).toThrow(
      expect.objectContaining({ code: userMessageMissing.definition.code }) as Error,
    );
  });

  it('is the results of open tool calls, in their order, and of no others', () => {
    const parts = [
      result('c2', { state: 'output-error', errorText: 'broke' }),
      result('c1', { state: 'output-available', output: { a: 1 } }),
      { ...result('c3', { state: 'output-available', output: 'text' }), type: 'dynamic-tool' },
      result('old', { state: 'output-available', output: 1 }),
      result('c4', { state: 'input-available' }),
      result('c5', { state: 'output-denied' }),
    ];
    const tool = (tool_call_id: string, content: string) => ({ role: 'tool', tool_call_id, content });
    expect(toChatMessages([says('assistant', ...parts)], ['c1', 'c2', 'c3', 'c4', 'c5'])).toEqual([
      tool('c1', '{"a":1}'),
      tool('c2', 'broke'),
      tool('c3', 'text'),
      tool('c4', 'No result.'),
      tool('c5', 'The user did not allow this call.'),
    ]);
  });
});

describe('open tool calls', () => {
  const calls = { tool_calls: [{ id: 'c1' }, { id: 'c2' }] };

  it('are those of the last answer that have no result', () => {
    expect(openToolCalls([stored('user'), stored('assistant', calls)])).toEqual(['c1', 'c2']);
    const half = [stored('assistant', calls), stored('tool', { tool_call_id: 'c1' })];
    expect(openToolCalls(half)).toEqual(['c2']);
  });

  it('are none without any, and none once something else was said', () => {
    expect(openToolCalls([])).toEqual([]);
    expect(openToolCalls([stored('assistant')])).toEqual([]);
    expect(openToolCalls([stored('assistant', calls), stored('user')])).toEqual([]);
  });
});

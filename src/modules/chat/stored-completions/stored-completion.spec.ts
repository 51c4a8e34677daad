import { describe, expect, it } from 'vitest';
import type { AnsweredTurn } from '../../conversation/index.js';
import { toListPage, toStoredCompletion, toStoredMessage } from './stored-completion.js';

const id = '01939a3e-0000-7000-8000-000000000000';
const answer = { id: 'a1', role: 'assistant', content: 'Good day', extra: null };

function completionOf(changes: Partial<AnsweredTurn> = {}) {
  const completion = toStoredCompletion({
    id,
    model: 'up',
    finishReason: 'stop',
    promptTokens: 7,
    completionTokens: 2,
    startedAt: new Date('2026-01-01T00:00:01.999Z'),
    answer,
    ...changes,
  });
  return { ...completion, choice: completion.choices[0] };
}

describe('a stored completion', () => {
  it('says what the completion said', () => {
    expect(completionOf()).toMatchObject({
      id: `chatcmpl-${id}`,
      object: 'chat.completion',
      created: Date.UTC(2026, 0, 1, 0, 0, 1) / 1000,
      model: 'up',
      choice: { message: { role: 'assistant', content: 'Good day' }, finish_reason: 'stop' },
      usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 },
    });
  });

  it('has tool calls instead of an empty text', () => {
    const tool_calls = [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }];
    const { choice } = completionOf({
      finishReason: 'tool_calls',
      answer: { ...answer, content: '', extra: { tool_calls } },
    });
    expect(choice).toMatchObject({ message: { content: null, tool_calls }, finish_reason: 'tool_calls' });
  });

  it('has no content if that was withheld', () => {
    const { choice } = completionOf({ finishReason: 'content_filter', answer: { ...answer, content: '' } });
    expect(choice).toMatchObject({ message: { content: null }, finish_reason: 'content_filter' });
  });

  it('ends with stop if it was stopped, also before its first word', () => {
    const { choice } = completionOf({ finishReason: null, answer: undefined });
    expect(choice).toMatchObject({ message: { content: '' }, finish_reason: 'stop' });
  });
});

it('a stored message keeps what it came with', () => {
  const message = { id: 'm1', role: 'tool', content: 'sun', extra: { tool_call_id: 'c1', name: 'f' } };
  expect(toStoredMessage(message)).toEqual({
    id: 'm1',
    role: 'tool',
    content: 'sun',
    content_parts: null,
    tool_call_id: 'c1',
    name: 'f',
  });
});

it('an empty page names no first and no last', () => {
  const page = { object: 'list', data: [], first_id: null, last_id: null, has_more: false };
  expect(toListPage([], 20)).toEqual(page);
});

import { safeValidateUIMessages } from 'ai';
import { describe, expect, it } from 'vitest';
import type { TurnMessage } from '../../conversation/index.js';
import { toUiMessages } from './stored-ui-messages.js';

const rest = { status: 'complete', tokens: 1, created_at: '2026-01-01T00:00:00.000Z' } as const;

function stored(role: string, content: string, extra: TurnMessage['extra'] = null) {
  return { id: `${role}-1`, turn_id: 't1', role, content, extra, ...rest };
}

const toolCall = (id: string, json: string) => ({
  id,
  type: 'function',
  function: { name: 'find', arguments: json },
});

async function partsOf(...messages: ReturnType<typeof stored>[]) {
  const shown = toUiMessages(messages);
  expect(await safeValidateUIMessages({ messages: shown })).toMatchObject({ success: true });
  return shown.map(({ parts }) => parts);
}

describe('stored messages as useChat shows them', () => {
  it('are texts with what is known of them', () => {
    expect(toUiMessages([stored('user', 'Hello')])).toEqual([
      {
        id: 'user-1',
        role: 'user',
        metadata: { turn_id: 't1', status: 'complete', created_at: rest.created_at },
        parts: [{ type: 'text', text: 'Hello' }],
      },
    ]);
  });

  it('have their images', async () => {
    const image = (url: string) => ({ type: 'image_url', image_url: { url } });
    const content = [
      { type: 'text', text: 'look' },
      image('data:image/png;base64,AA'),
      image('https://example.com/a'),
      { type: 'input_audio', input_audio: {} },
    ];
    expect(await partsOf(stored('user', 'look', { content }))).toEqual([
      [
        { type: 'text', text: 'look' },
        { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AA' },
        { type: 'file', mediaType: 'image/*', url: 'https://example.com/a' },
      ],
    ]);
  });

  it('have tool calls with their results, and no messages of tools', async () => {
    const tool_calls = [toolCall('c1', '{"a":1}'), toolCall('c2', 'no JSON'), toolCall('c3', '{}')];
    const messages = [
      stored('assistant', '', { tool_calls }),
      stored('tool', '{"b":2}', { tool_call_id: 'c1' }),
      stored('tool', 'plain', { tool_call_id: 'c2' }),
    ];
    const type = 'tool-find';
    expect(await partsOf(...messages)).toEqual([
      [
        { type, toolCallId: 'c1', input: { a: 1 }, state: 'output-available', output: { b: 2 } },
        { type, toolCallId: 'c2', input: 'no JSON', state: 'output-available', output: 'plain' },
        { type, toolCallId: 'c3', input: {}, state: 'input-available' },
      ],
    ]);
  });

  it('have an empty text if the answer was withheld', async () => {
    const parts = await partsOf(stored('assistant', ''));
    expect(parts).toEqual([[{ type: 'text', text: '', state: 'done' }]]);
  });
});

import { describe, expect, it } from 'vitest';
import { messageTooLarge } from './chat.errors.js';
import { checkMessageSizes, messageBytes } from './message-size.js';

describe('the size of a message', () => {
  it.each([
    ['its text in UTF-8', { role: 'user', content: 'né' }, 3],
    ['nothing', { role: 'user', content: null }, 0],
    [
      'all its texts',
      {
        role: 'user',
        content: [
          { type: 'text', text: 'ab' },
          { type: 'text', text: 'c' },
        ],
      },
      3,
    ],
    ['other parts as JSON', { role: 'user', content: [{ type: 'x', y: 1 }] }, '{"type":"x","y":1}'.length],
    [
      'other fields as JSON',
      { role: 'tool', content: 'a', tool_call_id: 'b' },
      1 + '{"tool_call_id":"b"}'.length,
    ],
  ])('is that of %s', (_what, message, bytes) => {
    expect(messageBytes(message)).toBe(bytes);
  });

  it('may be as large as the limit and no larger', () => {
    const message = { role: 'user', content: 'x'.repeat(100) };
    expect(() => checkMessageSizes([message], 100)).not.toThrow();
    try {
      checkMessageSizes([{ role: 'user', content: 'x' }, message], 99);
      expect.unreachable();
    } catch (error) {
      expect(messageTooLarge.is(error)).toBe(true);
      expect(error).toMatchObject({ details: { limit_bytes: 99, message_bytes: 100 } });
    }
  });
});

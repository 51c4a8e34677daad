import { describe, expect, it } from 'vitest';
import { countPromptTokens, countTokens } from './tokenizer.js';

describe('counting tokens', () => {
  it('counts as the published vocabulary does', () => {
    expect(countTokens('hello world')).toBe(2);
    expect(countTokens('')).toBe(0);
  });

  it('takes what looks like a control token for text', () => {
    expect(countTokens('<|endoftext|>')).toBeGreaterThan(1);
  });

  it('takes time in proportion to a text without spaces', () => {
    const startedAt = performance.now();
    expect(countTokens('a'.repeat(200_000))).toBeGreaterThan(20_000);
    // Unsliced this text takes over half a minute.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('adds what the chat format adds to messages', async () => {
    expect(await countPromptTokens({ messages: [{ role: 'user', content: 'hello world' }] })).toBe(2 + 4 + 3);
    expect(
      await countPromptTokens({
        messages: [{ role: 'user', content: [{ type: 'text', text: 'hello world' }] }],
      }),
    ).toBe(9);
  });
});

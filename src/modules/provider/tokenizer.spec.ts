import { describe, expect, it } from 'vitest';
import { countPromptTokens, countTokens } from './tokenizer.js';

describe('counting tokens', () => {
  it('counts as the published vocabulary does', async () => {
    expect(await countTokens('hello world')).toBe(2);
    expect(await countTokens('')).toBe(0);
  });

  it('takes what looks like a control token for text', async () => {
    expect(await countTokens('<|endoftext|>')).toBeGreaterThan(1);
  });

  it('takes time in proportion to a text without spaces', async () => {
    const startedAt = performance.now();
    expect(await countTokens('a'.repeat(200_000))).toBeGreaterThan(20_000);
    // Unsliced this text takes over half a minute.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('lets other work in between', async () => {
    const random = Array.from({ length: 20_000 }, () => Math.random().toString(36).slice(2)).join('');
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await countTokens(random);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
  });

  it('stops soon after the limit that is of interest', async () => {
    const messages = Array.from({ length: 3 }, () => ({ role: 'user', content: 'word '.repeat(100_000) }));
    const tokens = await countPromptTokens({ messages }, 1_000);
    expect(tokens).toBeGreaterThan(1_000);
    expect(tokens).toBeLessThan(2_000);
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

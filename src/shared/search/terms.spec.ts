import { describe, expect, it } from 'vitest';
import { MAX_TERMS, searchableText, termsOf } from './terms.js';

describe('the terms of a text', () => {
  it('are its words, each once', () => {
    expect(termsOf('to be or not to BE')).toEqual(termsOf('to be or not'));
    expect(termsOf('to be or not')).toHaveLength(4);
  });

  it('are of a run its pairs of characters and its characters', () => {
    const terms = termsOf('机器学习');
    expect(terms).toHaveLength(7);
    for (const part of ['机器', '器学', '学习']) expect(terms).toContain(termsOf(part)[0]);
    for (const part of ['机', '器', '学', '习']) expect(terms).toContain(termsOf(part)[0]);
  });

  it('are the same for ever, as they are stored', () => {
    expect(termsOf('lockkeeper 锁')).toMatchInlineSnapshot(`
      [
        1325495234,
        2252342201,
      ]
    `);
  });

  it('are at most 2,000', () => {
    const words = Array.from({ length: 2_500 }, (_, index) => `w${index}`);
    const terms = termsOf(words.join(' '));
    expect(terms).toHaveLength(MAX_TERMS);
    expect(terms).toContain(termsOf('w1999')[0]);
    expect(terms).not.toContain(termsOf('w2000')[0]);
  });

  it.each([
    ['x', 65_536],
    ['长', 21_845],
    ['😀', 32_768],
  ])('come from the first 64 KiB of it: %s', (character, units) => {
    const text = searchableText(character.repeat(70_000));
    expect(text).toHaveLength(units);
    expect(text.isWellFormed()).toBe(true);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(65_536);
  });
});

import { describe, expect, it } from 'vitest';
import { redactText, SECRET_NAMES, showRedacted } from './redaction.js';

describe('a value that is shown', () => {
  it.each([...SECRET_NAMES, 'apiKey', 'API-KEY', 'accessToken', 'Authorization'])(
    'does not have the value of %s, however deep',
    (name) => {
      const shown = showRedacted({ a: [{ b: { [name]: 'hunter2' } }], n: 1 });
      expect(JSON.stringify(shown)).not.toContain('hunter2');
      expect(shown).toMatchObject({ value: { n: 1 }, isCut: false });
    },
  );

  it.each([
    ['an API key', 'call with lk_0123456789abcdef failed', 'call with [redacted] failed'],
    ['a header', 'sent authorization: Bearer abc.def.ghi to it', 'sent authorization: [redacted] to it'],
    ['a URL', 'connect redis://user:pa55@host:1/0', 'connect redis://user:[redacted]@host:1/0'],
  ])('does not have the secret in %s', (_where, text, expected) => {
    expect(redactText(text)).toBe(expected);
    expect(showRedacted([text]).value).toEqual([expected]);
  });

  it('is as it was otherwise', () => {
    const value = { id: 'x', list: [1, null, true, 'text'], nested: { tokens: 3 } };
    expect(showRedacted(value)).toEqual({ value, isCut: false });
  });

  it('is bounded in length, breadth and depth, and says so', () => {
    let deep: unknown = 'bottom';
    for (let level = 0; level < 50; level++) deep = [deep];
    for (const value of ['x'.repeat(100_000), Array.from({ length: 100_000 }, () => 1), deep]) {
      const shown = showRedacted({ value });
      expect(JSON.stringify(shown).length).toBeLessThan(5_000);
      expect(shown.isCut).toBe(true);
    }
  });
});

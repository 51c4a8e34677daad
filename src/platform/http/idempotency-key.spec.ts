import { describe, expect, it } from 'vitest';
import { readIdempotencyKey } from './idempotency-key.js';

describe('the header Idempotency-Key', () => {
  it.each([
    ['order-17', 'order-17'],
    ['"order-17"', 'order-17'],
    ['"a \\"b\\" \\\\c"', 'a "b" \\c'],
    ['it is "quoted" within', 'it is "quoted" within'],
  ])('reads %s', (header, key) => {
    expect(readIdempotencyKey(header)).toBe(key);
  });

  it.each([undefined, ''])('is needed', (header) => {
    expect(() => readIdempotencyKey(header)).toThrow(
      expect.objectContaining({ code: 'idempotency_key_missing' }),
    );
  });

  it.each(['"open', '"a" b', '"a\\b"', 'k'.repeat(513)])('may not be %s', (header) => {
    expect(() => readIdempotencyKey(header)).toThrow(
      expect.objectContaining({ code: 'idempotency_key_invalid' }),
    );
  });
});

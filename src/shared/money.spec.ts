import { describe, expect, it } from 'vitest';
import { CoinsFormatError, formatCoins, MAX_MICRO_COINS, parseCoins } from './money.js';

describe('coins', () => {
  it.each([
    ['0', 0n],
    ['12.5', 12_500_000n],
    ['0.000001', 1n],
    ['-3.25', -3_250_000n],
    ['9223372036854.775807', MAX_MICRO_COINS],
  ])('reads %s exactly', (text, amount) => {
    expect(parseCoins(text)).toBe(amount);
  });

  it('writes what it reads, beyond what a double can hold', () => {
    const amount = 9_007_199_254_740_993n;
    expect(formatCoins(amount)).toBe('9007199254.740993');
    expect(parseCoins(formatCoins(amount))).toBe(amount);
  });

  it('writes negative fractions with their sign', () => {
    expect(formatCoins(-1n)).toBe('-0.000001');
  });

  it.each([
    ['', 'not_a_decimal'],
    ['1e3', 'not_a_decimal'],
    ['+1', 'not_a_decimal'],
    ['1.', 'not_a_decimal'],
    ['NaN', 'not_a_decimal'],
    ['0.0000001', 'too_many_decimals'],
    ['9223372036854.775808', 'too_large'],
  ])('refuses %s as %s', (text, problem) => {
    expect(() => parseCoins(text)).toThrow(expect.objectContaining({ problem }));
    expect(() => parseCoins(text)).toThrow(CoinsFormatError);
  });
});

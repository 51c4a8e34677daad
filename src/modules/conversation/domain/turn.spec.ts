import { describe, expect, it } from 'vitest';
import { titleFrom } from './turn.js';

describe('the title of a new conversation', () => {
  it('is the first message on one line', () => {
    expect(titleFrom('  Hello\n\tthere ')).toBe('Hello there');
  });

  it('is cut at a whole character', () => {
    const title = titleFrom('🚀'.repeat(100));
    expect(title).toBe(`${'🚀'.repeat(79)}…`);
  });

  it('is never empty', () => {
    expect(titleFrom(' \n ')).toBe('New conversation');
  });

  it('fits its column though people see few characters', () => {
    const family = '👨‍👩‍👧‍👦';
    expect(titleFrom(family.repeat(100))).toBe(`${family.repeat(17)}…`);
    expect(titleFrom(`a${'\u0301'.repeat(500)}`)).toBe('…');
    expect(titleFrom('🙂'.repeat(80))).toBe('🙂'.repeat(80));
  });
});

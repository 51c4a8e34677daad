import { describe, expect, it } from 'vitest';
import { checkDetail } from './audit-entry.js';

describe('the facts of an audited event', () => {
  it('are plain words, numbers, flags and nothing', () => {
    const detail = { reason: 'user_request', reference: 'TICKET-12#3', pages: 3, is_last: true, via: null };
    expect(checkDetail(detail)).toEqual(detail);
  });

  it.each([
    ['an e-mail address', { reason: 'ada@example.com' }],
    ['a sentence', { reason: 'she asked for it' }],
    ['other scripts', { reason: '用户请求' }],
    ['a long text', { reason: 'x'.repeat(101) }],
    ['a nested value', { reason: { text: 'x' } as never }],
    ['a name that is none of ours', { 'Ada Lovelace': true }],
  ])('are never %s', (_what, detail) => {
    expect(() => checkDetail(detail)).toThrow();
  });
});

import { describe, expect, it } from 'vitest';
import { afterPlace } from './after-place.js';

describe('the condition for what comes after a place', () => {
  it('is true of all rows without a place', () => {
    expect(afterPlace(['at', 'id'], undefined)).toEqual({ sql: 'TRUE', values: [] });
  });

  it('is a range of the index for each column, with a value for each question mark', () => {
    expect(afterPlace(['id'], ['i'])).toEqual({ sql: '((id > ?))', values: ['i'] });
    expect(afterPlace(['at', 'seen', 'id'], [1, 2, 'i'])).toEqual({
      sql: '((at > ?) OR (at = ? AND seen > ?) OR (at = ? AND seen = ? AND id > ?))',
      values: [1, 1, 2, 1, 2, 'i'],
    });
  });
});

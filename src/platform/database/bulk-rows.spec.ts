import { expect, it } from 'vitest';
import { decodeRows, encodeRows } from './bulk-rows.js';

const rows = [
  ['a\tb', null, '1'],
  ['\\N', 'c\nd\\n', '-2.5'],
  ['', '\0', '\\\\t'],
];

it('rows are written as LOAD DATA reads them', () => {
  expect(
    encodeRows([
      ['a\tb', null, 1],
      ['\\N', 'c\nd', -2.5],
      ['', '\0', 0],
    ]),
  ).toBe('a\\tb\t\\N\t1\n\\\\N\tc\\nd\t-2.5\n\t\\0\t0\n');
});

it('rows are read as they were written', () => {
  expect(decodeRows(encodeRows(rows))).toEqual(rows);
  expect(decodeRows('')).toEqual([]);
});

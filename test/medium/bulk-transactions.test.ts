import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BulkTransactions, RowsAlteredError, Transactions } from '../../src/platform/database/index.js';
import { createTestModule, type TestModule } from '../factories/test-module.js';

const table = { name: 'bulk_things', columns: ['id', 'name', 'size', 'note'] };
const SPECIAL = [
  '\t',
  '\n',
  '\\',
  '\0',
  '\\N',
  '\r\n',
  '\x1a',
  `'"\``,
  '😀',
  '\uFEFF',
  '',
  ' end ',
  'a\\\tb\n\\n',
];

describe('rows in bulk', () => {
  let module: TestModule;
  let bulk: BulkTransactions;
  beforeAll(async () => {
    module = await createTestModule();
    bulk = module.app.get(BulkTransactions);
    await sql(
      'CREATE TABLE bulk_things (id INT PRIMARY KEY, name VARCHAR(10), size TINYINT, note LONGTEXT) CHARSET utf8mb4',
    );
  });
  afterAll(() => module.close());
  beforeEach(() => sql('DELETE FROM bulk_things'));

  const sql = (statement: string) =>
    module.app.get(Transactions).single.query<{ id: number; name: string | null; note: string }[]>(statement);

  const read = () => sql('SELECT id, name, note FROM bulk_things ORDER BY id');

  describe.each(['load', 'values'] as const)('by way of %s', (path) => {
    it('arrive with every character', async () => {
      const rows = SPECIAL.map((text, id) => [id, id % 2 ? null : text.slice(0, 10), -1, text] as const);
      await bulk.run((transaction) => transaction.insertRows(table, rows, path));
      expect((await read()).map((row) => [row.name, row.note])).toEqual(
        rows.map(([, name, , note]) => [name, note]),
      );
    });

    it('arrive also if they are more than one statement or piece takes', async () => {
      const note = '😀é'.repeat(60_001);
      const rows = Array.from({ length: 25 }, (_, id) => [id, 'n', 1, note] as const);
      const small = Array.from({ length: 2_500 }, (_, id) => [100 + id, 'n', 1, ''] as const);
      await bulk.run((transaction) => transaction.insertRows(table, [...rows, ...small], path));
      const stored = await read();
      expect(stored).toHaveLength(2_525);
      expect(stored.slice(0, 25).every((row) => row.note === note)).toBe(true);
    });

    it.each([
      ['too long', [2, 'x'.repeat(11), 1, '']],
      ['out of range', [2, 'n', 1_000, '']],
      ['a duplicate', [1, 'n', 1, '']],
    ])('are refused with all of their transaction if one is %s', async (_what, bad) => {
      const rows = [[1, 'n', 1, ''], bad];
      const attempt = bulk.run((transaction) => transaction.insertRows(table, rows, path));
      await expect(attempt).rejects.toThrow(path === 'load' ? RowsAlteredError : Error);
      expect(await read()).toEqual([]);
    });
  });
});

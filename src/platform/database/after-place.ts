import type { Statement } from './batch-transactions.js';

/**
 * The condition for the rows that come after a place in the order of some columns; without a place, for all. With an
 * index over the columns (the primary key is the end of each) it is ranges of that index: what comes before is not read,
 * be there ever so many rows with the same first columns.
 * @param columns as in `ORDER BY`: constants.
 * @param place the values of these columns in the last row before.
 */
export function afterPlace(columns: readonly string[], place: readonly unknown[] | undefined): Statement {
  if (!place) return { sql: 'TRUE', values: [] };
  const ranges = columns.map((column, index) => {
    const equal = columns.slice(0, index).map((before) => `${before} = ?`);
    return `(${[...equal, `${column} > ?`].join(' AND ')})`;
  });
  return {
    sql: `(${ranges.join(' OR ')})`,
    values: columns.flatMap((_, index) => place.slice(0, index + 1)),
  };
}

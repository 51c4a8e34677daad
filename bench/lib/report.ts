import type { Cell, Row, Table } from './benchmark.ts';
import type { Goal } from './goals.ts';

/** A table with a head, words to the left and numbers to the right. */
export function formatTable(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const body = rows.map((row) => names.map((name) => formatCell(row[name] ?? null)));
  const widths = names.map((name, column) =>
    Math.max(name.length, ...body.map((cells) => (cells[column] ?? '').length)),
  );
  const isText = names.map((name) => rows.some((row) => typeof row[name] === 'string'));
  const formatLine = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        isText[column] ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [names, ...body].map((cells) => `${formatLine(cells)}\n`).join('');
}

/** All tables, then the goals. */
export function formatReport(tables: readonly Table[], goals: readonly Goal[]): string {
  const parts = tables.map(({ title, rows }) => `${title}\n\n${formatTable(rows)}`);
  const goalRows = goals.map(({ met, name, value, unit, goal }) => ({
    met: met ? 'yes' : 'NO',
    goal: name,
    value,
    wanted: goal,
    unit,
  }));
  if (goals.length > 0) parts.push(`Goals\n\n${formatTable(goalRows)}`);
  return parts.join('\n');
}

/** A value as it is worth printing: three or four significant digits. Null for what is no finite number. */
export function round(value: number): number | null {
  if (!Number.isFinite(value)) return null;
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return Number(value.toFixed(digits));
}

function formatCell(cell: Cell): string {
  if (cell === null) return '-';
  return typeof cell === 'number' ? String(round(cell) ?? '-') : String(cell);
}

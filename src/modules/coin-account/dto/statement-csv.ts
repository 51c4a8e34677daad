import { formatCoins } from '../../../shared/money.js';
import type { JournalEntry } from '../domain/journal.js';

/** Spreadsheets take a text for ASCII or the local code page unless it begins so. */
const BYTE_ORDER_MARK = '\uFEFF';
/** What a spreadsheet would run as a formula, also in the wide forms of Chinese and Japanese keyboards. */
const BEGINS_LIKE_A_FORMULA = /^\s*[=+\-@\t\r\n＝＋－＠]/;

const COLUMNS: ReadonlyArray<[name: string, cell: (entry: JournalEntry) => string]> = [
  ['sequence', (entry) => String(entry.sequence)],
  ['created_at', (entry) => entry.createdAt.toISOString()],
  ['kind', (entry) => entry.kind],
  ['balance_delta', (entry) => formatCoins(entry.balanceDelta)],
  ['frozen_delta', (entry) => formatCoins(entry.frozenDelta)],
  ['debt_delta', (entry) => formatCoins(entry.debtDelta)],
  ['balance_after', (entry) => formatCoins(entry.balanceAfter)],
  ['frozen_after', (entry) => formatCoins(entry.frozenAfter)],
  ['debt_after', (entry) => formatCoins(entry.debtAfter)],
  ['hold_id', (entry) => entry.holdId ?? ''],
  ['reference', (entry) => textCell(entry.reference)],
  ['reason', (entry) => textCell(entry.reason)],
  ['note', (entry) => textCell(entry.note)],
];

/** A statement as CSV (RFC 4180, UTF-8 with a byte order mark), piece by piece. */
export async function* statementCsv(batches: AsyncIterable<JournalEntry[]>): AsyncGenerator<string> {
  yield `${BYTE_ORDER_MARK}${COLUMNS.map(([name]) => name).join(',')}\r\n`;
  for await (const entries of batches) yield entries.map(line).join('');
}

function line(entry: JournalEntry): string {
  return `${COLUMNS.map(([, cell]) => cell(entry)).join(',')}\r\n`;
}

/** In quotes; what looks like a formula gets an apostrophe, which spreadsheets do not show. */
function textCell(text: string | null): string {
  if (text === null) return '';
  const safe = BEGINS_LIKE_A_FORMULA.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}

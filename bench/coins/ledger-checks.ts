import type { Connection, RowDataPacket } from 'mysql2/promise';
import { importBuilt } from '../lib/built-services.ts';

/** How many rows break one promise each: all zero if every answer was true and nothing was miscounted. */
export interface LedgerChecks {
  /** Accounts whose balance, frozen or debt is not the sum of their journal. */
  unbalanced: number;
  /** Accounts whose open holds do not add up to what is frozen. */
  misfrozen: number;
  /** Accounts whose journal has gaps, or another end than the account says. */
  gaps: number;
  /** Holds without their entry. */
  unwritten: number;
  /** Accounts on which less or more is frozen than callers were answered. */
  misanswered: number;
  /** Entries of the hot accounts whose hash does not follow from the entry before. */
  broken_links: number;
}

/** Looks at all accounts, past the product's own code but for the hash of an entry. */
export async function checkLedger(
  database: Connection,
  frozen: ReadonlyMap<string, bigint>,
  hotAccountIds: readonly string[],
): Promise<LedgerChecks> {
  let brokenLinks = 0;
  for (const accountId of hotAccountIds) brokenLinks += await countBrokenLinks(database, accountId);
  return {
    unbalanced: await count(database, UNBALANCED),
    misfrozen: await count(database, MISFROZEN),
    gaps: await count(database, GAPS),
    unwritten: await count(database, UNWRITTEN),
    misanswered: await countMisanswered(database, frozen),
    broken_links: brokenLinks,
  };
}

const UNBALANCED = `
  SELECT COUNT(*) AS n FROM coin_accounts a
  LEFT JOIN (SELECT account_id, SUM(balance_delta) AS balance, SUM(frozen_delta) AS frozen, SUM(debt_delta) AS debt
             FROM coin_journal GROUP BY account_id) j ON j.account_id = a.id
  WHERE j.account_id IS NULL OR a.balance <> j.balance OR a.frozen <> j.frozen OR a.debt <> j.debt`;

const MISFROZEN = `
  SELECT COUNT(*) AS n FROM coin_accounts a
  LEFT JOIN (SELECT account_id, SUM(amount) AS frozen FROM coin_holds WHERE status = 'open' GROUP BY account_id) h
    ON h.account_id = a.id
  WHERE a.frozen <> COALESCE(h.frozen, 0)`;

const GAPS = `
  SELECT COUNT(*) AS n FROM coin_accounts a
  LEFT JOIN (SELECT account_id, COUNT(*) AS entries, MIN(sequence) AS first, MAX(sequence) AS last
             FROM coin_journal GROUP BY account_id) j ON j.account_id = a.id
  WHERE j.account_id IS NULL OR a.journal_sequence <> j.last OR j.first <> 1 OR j.last <> j.entries`;

const UNWRITTEN = `
  SELECT COUNT(*) AS n FROM coin_holds h
  LEFT JOIN coin_journal j ON j.account_id = h.account_id AND j.sequence = h.opened_sequence
  WHERE j.hold_id IS NULL OR j.hold_id <> h.id OR j.frozen_delta <> h.amount`;

const PAGE = 10_000;

async function count(database: Connection, sql: string): Promise<number> {
  const [[row]] = await database.query<RowDataPacket[]>(sql);
  return Number(row?.['n']);
}

async function countMisanswered(database: Connection, frozen: ReadonlyMap<string, bigint>): Promise<number> {
  const [rows] = await database.query<RowDataPacket[]>(
    'SELECT id, CAST(frozen AS CHAR) AS frozen FROM coin_accounts',
  );
  const stored = new Map(rows.map((row) => [row['id'] as string, BigInt(row['frozen'] as string)]));
  const ids = new Set([...stored.keys(), ...frozen.keys()]);
  return [...ids].filter((id) => (stored.get(id) ?? 0n) !== (frozen.get(id) ?? 0n)).length;
}

async function countBrokenLinks(database: Connection, accountId: string): Promise<number> {
  const { GENESIS_HASH, hashEntry } = await importBuilt<
    typeof import('../../src/modules/coin-account/domain/journal.ts')
  >('modules/coin-account/domain/journal.js');
  const { toJournalEntry } = await importBuilt<
    typeof import('../../src/modules/coin-account/coin-account.rows.ts')
  >('modules/coin-account/coin-account.rows.js');
  let previous = GENESIS_HASH;
  let broken = 0;
  for (let after = 0; ;) {
    const [rows] = await database.query<RowDataPacket[]>(
      'SELECT * FROM coin_journal WHERE account_id = ? AND sequence > ? ORDER BY sequence LIMIT ?',
      [accountId, after, PAGE],
    );
    for (const row of rows) {
      const entry = toJournalEntry(row);
      if (!hashEntry(previous, entry).equals(entry.hash)) broken++;
      previous = entry.hash;
      after = entry.sequence;
    }
    if (rows.length < PAGE) break;
  }
  const [[head]] = await database.query<RowDataPacket[]>(
    'SELECT journal_hash FROM coin_accounts WHERE id = ?',
    [accountId],
  );
  return broken + (previous.equals((head?.['journal_hash'] as Buffer | undefined) ?? GENESIS_HASH) ? 0 : 1);
}

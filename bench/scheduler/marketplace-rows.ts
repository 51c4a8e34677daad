import type { Connection, RowDataPacket } from 'mysql2/promise';
import { importBuilt } from '../lib/built-services.ts';
import type { TaskRowsCase } from './task-rows.ts';

const { cancelExpiredTasks } = await importBuilt<
  typeof import('../../src/modules/marketplace/tasks/cancel-expired-tasks.task.ts')
>('modules/marketplace/tasks/cancel-expired-tasks.task.js');
const { updateFeaturedTaskExpertsResponseTime } = await importBuilt<
  typeof import('../../src/modules/marketplace/tasks/update-featured-task-experts-response-time.task.ts')
>('modules/marketplace/tasks/update-featured-task-experts-response-time.task.js');
const { updateAllUsersStatistics } = await importBuilt<
  typeof import('../../src/modules/statistics/tasks/update-all-users-statistics.task.ts')
>('modules/statistics/tasks/update-all-users-statistics.task.js');

const ROWS = 1_000_000;
/** One in so many is due. */
const DUE_EVERY = 10;
/** How many rows one statement writes. */
const CHUNK = 100_000;

/** Errands that are open, accepted or delivered, of posters with a hundred each; a tenth of them is past its time. */
export const expiredErrands: TaskRowsCase = {
  task: cancelExpiredTasks,
  rows: ROWS,
  seed: (database) => seedExpired(database, ROWS),
  countDue: (database) =>
    count(
      database,
      `SELECT COUNT(*) AS n FROM errands
       WHERE state IN ('open', 'accepted', 'delivered', 'settling') AND due_at <= UTC_TIMESTAMP(3)`,
    ),
};

/** Experts with a delivery each, of whom a tenth is featured. */
export const featuredExperts: TaskRowsCase = {
  task: updateFeaturedTaskExpertsResponseTime,
  rows: ROWS,
  seed: (database) => seedExperts(database, ROWS),
  countDue: (database) =>
    count(
      database,
      `SELECT COUNT(*) AS n FROM experts WHERE is_featured = 1 AND response_computed_for = '1970-01-01'`,
    ),
};

/** Users with an account and statistics; a tenth of them got coins and posted something since these were computed. */
export const changedUsers: TaskRowsCase = {
  task: updateAllUsersStatistics,
  rows: ROWS,
  seed: (database) => seedUsers(database, ROWS),
  countDue: (database) =>
    count(
      database,
      `SELECT (SELECT COUNT(*) FROM statistics_due) + (SELECT COUNT(*) FROM coin_accounts WHERE updated_at >=
         (SELECT since + INTERVAL 5 MINUTE FROM statistics_passes WHERE source = 'coin_accounts')) AS n`,
    ),
};

/** The holds are as the ledger has them, but for the journal entries that opened them, which nothing here reads. */
export async function seedExpired(database: Connection, rows: number): Promise<void> {
  await seedNumbers(database, rows);
  await database.query('TRUNCATE TABLE errands');
  const state = `ELT(1 + (n MOD 10 >= 8) + (n MOD 10 = 9), 'open', 'accepted', 'delivered')`;
  const dueAt = `IF(n DIV 10 MOD ${DUE_EVERY} = 0, UTC_TIMESTAMP(3) - INTERVAL n MOD 3600 SECOND,
    UTC_TIMESTAMP(3) + INTERVAL 1 + n MOD 30 DAY)`;
  await inChunks(
    database,
    rows,
    `INSERT INTO errands (id, poster_id, expert_id, state, title, description, reward, deadline_at, due_at,
       request_key, request_hash, created_at, accepted_at, delivered_at, changed_at)
     SELECT ${idOf('a', 'n')}, ${idOf('b', 'n DIV 100')}, IF(n MOD 10 >= 8, ${idOf('c', 'n DIV 100')}, NULL), ${state},
       'An errand', REPEAT('What is to be done. ', 20), 1000000, ${dueAt}, ${dueAt}, UNHEX(SHA2(n, 256)),
       UNHEX(SHA2(n, 256)), '2026-01-01', IF(n MOD 10 >= 8, '2026-01-02', NULL), IF(n MOD 10 = 9, '2026-01-03', NULL),
       '2026-01-03'`,
  );
  await inChunks(
    database,
    rows,
    `INSERT INTO coin_holds (id, account_id, amount, status, purpose, reference, opened_sequence, expires_at, created_at)
     SELECT ${idOf('a', 'n')}, ${idOf('b', 'n DIV 100')}, 1000000, 'open', 'errand', ${idOf('a', 'n')}, 2 + n MOD 100,
       UTC_TIMESTAMP(3) + INTERVAL 90 DAY, '2026-01-01'`,
  );
  await database.query(
    `INSERT INTO coin_accounts (id, balance, frozen, debt, journal_sequence, journal_hash, created_at, updated_at)
     SELECT account_id, SUM(amount), SUM(amount), 0, 101, UNHEX(SHA2('', 256)), '2026-01-01', '2026-01-01'
     FROM coin_holds WHERE purpose = 'errand' GROUP BY account_id`,
  );
}

export async function seedExperts(database: Connection, rows: number): Promise<void> {
  await seedNumbers(database, rows);
  await database.query('TRUNCATE TABLE errands');
  await database.query('TRUNCATE TABLE experts');
  await inChunks(
    database,
    rows,
    `INSERT INTO experts (user_id, display_name, bio, skills, is_featured, created_at)
     SELECT ${idOf('d', 'n')}, 'An expert', 'What I can do.', '["proofreading"]', n MOD ${DUE_EVERY} = 0, '2026-01-01'`,
  );
  const deliveredAt = 'UTC_TIMESTAMP(3) - INTERVAL 1 + n MOD 80 DAY';
  await inChunks(
    database,
    rows,
    `INSERT INTO errands (id, poster_id, expert_id, state, outcome, title, description, reward, payment, deadline_at,
       request_key, request_hash, created_at, accepted_at, delivered_at, ended_at, changed_at)
     SELECT ${idOf('e', 'n')}, ${idOf('f', 'n DIV 100')}, ${idOf('d', 'n')}, 'completed', 'confirmed', 'An errand', 'Done.',
       1000000, 1000000, ${deliveredAt}, UNHEX(SHA2(n, 256)), UNHEX(SHA2(n, 256)), '2026-01-01',
       ${deliveredAt} - INTERVAL n MOD 86400 SECOND, ${deliveredAt}, ${deliveredAt}, '2026-01-03'`,
  );
}

export async function seedUsers(database: Connection, rows: number): Promise<void> {
  await seedNumbers(database, rows);
  for (const table of ['errands', 'user_statistics', 'statistics_due', 'statistics_passes']) {
    await database.query(`TRUNCATE TABLE ${table}`);
  }
  const isChanged = `n MOD ${DUE_EVERY} = 0`;
  await inChunks(
    database,
    rows,
    `INSERT INTO coin_accounts (id, balance, frozen, debt, journal_sequence, journal_hash, created_at, updated_at)
     SELECT ${idOf('9', 'n')}, 1000000, 0, 0, 1, UNHEX(SHA2('', 256)), '2026-01-01',
       IF(${isChanged}, UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE, '2026-01-01')`,
  );
  await inChunks(
    database,
    rows,
    `INSERT INTO coin_journal (account_id, sequence, kind, balance_delta, frozen_delta, debt_delta, balance_after,
       frozen_after, debt_after, actor, created_at, hash)
     SELECT ${idOf('9', 'n')}, 1, 'grant', 1000000, 0, 0, 1000000, 0, 0, 'system', '2026-01-01', UNHEX(SHA2('', 256))`,
  );
  await inChunks(
    database,
    rows,
    `INSERT INTO user_statistics (user_id, tasks_posted, tasks_completed, tasks_cancelled, tasks_done, coins_earned,
       coins_spent, coins_received, conversations, turns, last_activity_at, journal_sequence, computed_at)
     SELECT ${idOf('9', 'n')}, 0, 0, 0, 0, 0, 0, 0, 0, 0, '2026-01-01', 0, '2026-01-01'`,
  );
  await inChunks(
    database,
    rows,
    `INSERT INTO errands (id, poster_id, state, outcome, title, description, reward, payment, deadline_at, request_key,
       request_hash, created_at, ended_at, changed_at)
     SELECT ${idOf('8', 'n')}, ${idOf('9', 'n')}, 'cancelled', 'expired', 'An errand', 'Not done.', 1000000, 0,
       '2026-01-02', UNHEX(SHA2(n, 256)), UNHEX(SHA2(n, 256)), '2026-01-01', '2026-01-02',
       IF(${isChanged}, UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE, '2026-01-02')`,
  );
  await database.query(
    `INSERT INTO statistics_passes (source, since) VALUES
       ${['turns', 'erasures', 'coin_accounts', 'errands']
         .map((source) => `('${source}', UTC_TIMESTAMP(3) - INTERVAL 1 HOUR)`)
         .join(', ')}`,
  );
}

/** An id whose first digit tells what it is of, and whose last digits are `number`. */
function idOf(digit: string, number: string): string {
  return `CONCAT('${digit}0000000-0000-7000-8000-', LPAD(LOWER(HEX(${number})), 12, '0'))`;
}

/** A table of the numbers from 0 to before `rows`, for as long as the connection lasts. */
async function seedNumbers(database: Connection, rows: number): Promise<void> {
  await database.query('DROP TEMPORARY TABLE IF EXISTS numbers');
  await database.query('CREATE TEMPORARY TABLE numbers (n INT UNSIGNED NOT NULL PRIMARY KEY)');
  for (let start = 0; start < rows; start += 10_000) {
    const length = Math.min(10_000, rows - start);
    await database.query('INSERT INTO numbers VALUES ?', [Array.from({ length }, (_, n) => [start + n])]);
  }
}

async function inChunks(database: Connection, rows: number, insertSelect: string): Promise<void> {
  for (let start = 0; start < rows; start += CHUNK) {
    await database.query(`${insertSelect} FROM numbers WHERE n >= ? AND n < ?`, [start, start + CHUNK]);
  }
}

async function count(database: Connection, sql: string): Promise<number> {
  const [rows] = await database.query<RowDataPacket[]>(sql);
  return Number(rows[0]?.['n'] ?? 0);
}

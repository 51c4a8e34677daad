import type { Connection } from 'mysql2/promise';
import { importBuilt } from '../lib/built-services.ts';
import { countRows, idOf, insertRows } from './numbered-rows.ts';
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

/** Errands that are open, accepted or delivered, of posters with a hundred each; a tenth of them is past its time. */
export const expiredErrands: TaskRowsCase = {
  task: cancelExpiredTasks,
  rows: ROWS,
  seed: seedExpired,
  countDue: (database) =>
    countRows(
      database,
      `errands
       WHERE state IN ('open', 'accepted', 'delivered', 'settling') AND due_at <= UTC_TIMESTAMP(3)`,
    ),
};

/** Experts with a delivery each, of whom a tenth is featured. */
export const featuredExperts: TaskRowsCase = {
  task: updateFeaturedTaskExpertsResponseTime,
  rows: ROWS,
  seed: seedExperts,
  countDue: (database) =>
    countRows(database, `experts WHERE is_featured = 1 AND response_computed_for = '1970-01-01'`),
};

/** Users with an account and statistics; a tenth of them got coins and posted something since these were computed. */
export const changedUsers: TaskRowsCase = {
  task: updateAllUsersStatistics,
  rows: ROWS,
  seed: seedUsers,
  countDue: (database) =>
    countRows(
      database,
      `(SELECT user_id FROM statistics_due UNION ALL SELECT id FROM coin_accounts WHERE updated_at >=
         (SELECT since + INTERVAL 5 MINUTE FROM statistics_passes WHERE source = 'coin_accounts')) AS changed`,
    ),
};

/** The holds are as the ledger has them, but for the journal entries that opened them, which nothing here reads. */
async function seedExpired(database: Connection, rows: number): Promise<void> {
  const state = `ELT(1 + (n MOD 10 >= 8) + (n MOD 10 = 9), 'open', 'accepted', 'delivered')`;
  const dueAt = `IF(n DIV 10 MOD ${DUE_EVERY} = 0, UTC_TIMESTAMP(3) - INTERVAL n MOD 3600 SECOND,
    UTC_TIMESTAMP(3) + INTERVAL 1 + n MOD 30 DAY)`;
  await insertRows(
    database,
    rows,
    `errands (id, poster_id, expert_id, state, title, description, reward, deadline_at, due_at,
       request_key, request_hash, created_at, accepted_at, delivered_at, changed_at)
     SELECT ${idOf('a')}, ${idOf('b', 'n DIV 100')}, IF(n MOD 10 >= 8, ${idOf('c', 'n DIV 100')}, NULL), ${state},
       'An errand', REPEAT('What is to be done. ', 20), 1000000, ${dueAt}, ${dueAt}, UNHEX(SHA2(n, 256)),
       UNHEX(SHA2(n, 256)), '2026-01-01', IF(n MOD 10 >= 8, '2026-01-02', NULL), IF(n MOD 10 = 9, '2026-01-03', NULL),
       '2026-01-03'`,
  );
  await insertRows(
    database,
    rows,
    `coin_holds (id, account_id, amount, status, purpose, reference, opened_sequence, expires_at, created_at)
     SELECT ${idOf('a')}, ${idOf('b', 'n DIV 100')}, 1000000, 'open', 'errand', ${idOf('a')}, 2 + n MOD 100,
       UTC_TIMESTAMP(3) + INTERVAL 90 DAY, '2026-01-01'`,
  );
  await database.query(
    `INSERT INTO coin_accounts (id, balance, frozen, debt, journal_sequence, journal_hash, created_at, updated_at)
     SELECT account_id, SUM(amount), SUM(amount), 0, 101, UNHEX(SHA2('', 256)), '2026-01-01', '2026-01-01'
     FROM coin_holds WHERE purpose = 'errand' GROUP BY account_id`,
  );
}

async function seedExperts(database: Connection, rows: number): Promise<void> {
  await insertRows(
    database,
    rows,
    `experts (user_id, display_name, bio, skills, is_featured, created_at)
     SELECT ${idOf('d')}, 'An expert', 'What I can do.', '["proofreading"]', n MOD ${DUE_EVERY} = 0, '2026-01-01'`,
  );
  const deliveredAt = 'UTC_TIMESTAMP(3) - INTERVAL 1 + n MOD 80 DAY';
  await insertRows(
    database,
    rows,
    `errands (id, poster_id, expert_id, state, outcome, title, description, reward, payment, deadline_at,
       request_key, request_hash, created_at, accepted_at, delivered_at, ended_at, changed_at)
     SELECT ${idOf('e')}, ${idOf('f', 'n DIV 100')}, ${idOf('d')}, 'completed', 'confirmed', 'An errand', 'Done.',
       1000000, 1000000, ${deliveredAt}, UNHEX(SHA2(n, 256)), UNHEX(SHA2(n, 256)), '2026-01-01',
       ${deliveredAt} - INTERVAL n MOD 86400 SECOND, ${deliveredAt}, ${deliveredAt}, '2026-01-03'`,
  );
}

async function seedUsers(database: Connection, rows: number): Promise<void> {
  const isChanged = `n MOD ${DUE_EVERY} = 0`;
  await insertRows(
    database,
    rows,
    `coin_accounts (id, balance, frozen, debt, journal_sequence, journal_hash, created_at, updated_at)
     SELECT ${idOf('9')}, 1000000, 0, 0, 1, UNHEX(SHA2('', 256)), '2026-01-01',
       IF(${isChanged}, UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE, '2026-01-01')`,
  );
  await insertRows(
    database,
    rows,
    `coin_journal (account_id, sequence, kind, balance_delta, frozen_delta, debt_delta, balance_after,
       frozen_after, debt_after, actor, created_at, hash)
     SELECT ${idOf('9')}, 1, 'grant', 1000000, 0, 0, 1000000, 0, 0, 'system', '2026-01-01', UNHEX(SHA2('', 256))`,
  );
  await insertRows(
    database,
    rows,
    `user_statistics (user_id, tasks_posted, tasks_completed, tasks_cancelled, tasks_done, coins_earned,
       coins_spent, coins_received, conversations, turns, last_activity_at, journal_sequence, computed_at)
     SELECT ${idOf('9')}, 0, 0, 0, 0, 0, 0, 0, 0, 0, '2026-01-01', 0, '2026-01-01'`,
  );
  await insertRows(
    database,
    rows,
    `errands (id, poster_id, state, outcome, title, description, reward, payment, deadline_at, request_key,
       request_hash, created_at, ended_at, changed_at)
     SELECT ${idOf('8')}, ${idOf('9')}, 'cancelled', 'expired', 'An errand', 'Not done.', 1000000, 0,
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

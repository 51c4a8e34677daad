import 'reflect-metadata';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { importBuilt } from '../lib/built-services.ts';
import type { TaskRowsCase } from './task-rows.ts';

const tasks = await importBuilt<typeof import('../../src/modules/engagement/index.ts')>(
  'modules/engagement/index.js',
);

const ROWS = 1_000_000;
/** One row in so many is due. */
const DUE_EVERY = 10;
const ROWS_PER_STATEMENT = 100_000;
/** Each has a lot of each age. */
const POINT_USERS = ROWS / DUE_EVERY;
const LOT_POINTS = 10;
const ACTIVITIES = 1_000;
const PARTICIPANTS = ROWS / ACTIVITIES;

const WHEN = (dueAt: string) =>
  `UTC_TIMESTAMP(3) + INTERVAL IF(MOD(n, ${DUE_EVERY}) = 0, -1 - MOD(n, 1000), 1 + MOD(n, 1000)) HOUR AS ${dueAt}`;
/** An id that says `n`: of the form of version 7, as coins want it. */
const id = (n: string) => `CONCAT('00000000-0000-7000-8000-', LPAD(${n}, 12, '0'))`;

/** Coupons without a redemption. */
export const expiredCoupons: TaskRowsCase = {
  task: tasks.checkExpiredCoupons,
  rows: ROWS,
  seed: (database) =>
    insert(
      database,
      `coupons (id, code, amount, max_redemptions, max_per_user, state, created_by, valid_from, created_at, valid_until)
       SELECT ${id('n')}, CONCAT('BENCH', n), 1000000, 1, 1, 'active', ${id('0')},
         UTC_TIMESTAMP(3) - INTERVAL 2000 HOUR, UTC_TIMESTAMP(3), ${WHEN('valid_until')}`,
    ),
  countDue: (database) =>
    count(database, `coupons WHERE state = 'active' AND valid_until <= UTC_TIMESTAMP(3)`),
};

/** Invitation codes, each of another user. */
export const expiredInvitationCodes: TaskRowsCase = {
  task: tasks.checkExpiredInvitationCodes,
  rows: ROWS,
  seed: (database) =>
    insert(
      database,
      `invitation_codes (id, owner_id, slot, code, max_uses, uses, owner_reward, invitee_reward, state, created_at,
         expires_at)
       SELECT ${id('n')}, ${id('n')}, 0, CONCAT('BENCH', n), 10, 0, 0, 0, 'active', UTC_TIMESTAMP(3),
         ${WHEN('expires_at')}`,
    ),
  countDue: (database) =>
    count(database, `invitation_codes WHERE state = 'active' AND expires_at <= UTC_TIMESTAMP(3)`),
};

/** Lots of points: ten of each of 100,000 users, one of which is due. Balances and entries agree with them. */
export const expiredPoints: TaskRowsCase = {
  task: tasks.checkExpiredPoints,
  rows: ROWS,
  seed: async (database) => {
    const user = id(`n DIV ${DUE_EVERY}`);
    await insert(
      database,
      `point_lots (id, user_id, points, remaining, valid_days, reason, state, earned_at, expires_at)
       SELECT ${id('n')}, ${user}, ${LOT_POINTS}, ${LOT_POINTS}, 90, 'bench', 'open', UTC_TIMESTAMP(3),
         ${WHEN('expires_at')}`,
    );
    await insert(
      database,
      `point_entries (user_id, sequence, kind, points, balance_after, reference, created_at)
       SELECT ${user}, 1 + MOD(n, ${DUE_EVERY}), 'earn', ${LOT_POINTS}, (1 + MOD(n, ${DUE_EVERY})) * ${LOT_POINTS},
         ${id('n')}, UTC_TIMESTAMP(3)`,
    );
    await insert(
      database,
      `point_accounts (user_id, balance, last_sequence)
       SELECT ${id('n')}, ${DUE_EVERY * LOT_POINTS}, ${DUE_EVERY}`,
      POINT_USERS,
    );
  },
  countDue: (database) =>
    count(database, `point_lots WHERE state = 'open' AND expires_at <= UTC_TIMESTAMP(3)`),
};

/** Participants: a thousand of each of 1,000 activities, of which 100 are over and reward the first ten with coins. */
export const endedActivities: TaskRowsCase = {
  task: tasks.checkAndEndActivities,
  rows: ROWS,
  seed: async (database) => {
    const rule = JSON.stringify({
      kind: 'top_by_points',
      rewards: Array.from({ length: 10 }, () => ({ kind: 'coins', amount: '1' })),
    });
    await insert(
      database,
      `activities (id, title, rule, state, counted_to, created_by, starts_at, created_at, ends_at)
       SELECT ${id('n')}, 'bench', '${rule}', 'open', '', ${id('0')}, UTC_TIMESTAMP(3) - INTERVAL 2000 HOUR,
         UTC_TIMESTAMP(3), ${WHEN('ends_at')}`,
      ACTIVITIES,
    );
    await insert(
      database,
      `activity_participants (activity_id, user_id, seat_id, points, coins_from, joined_at)
       SELECT ${id(`n DIV ${PARTICIPANTS}`)}, ${id('n')}, ${id('n')}, MOD(n * 7919, 10007), 0, UTC_TIMESTAMP(3)`,
    );
  },
  countDue: (database) =>
    count(
      database,
      `activities WHERE state IN ('open', 'counting', 'paying') AND ends_at <= UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE`,
    ),
};

/** Inserts rows that are selected from the numbers `n` below `rows`, some at a time. */
async function insert(database: Connection, intoSelect: string, rows = ROWS): Promise<void> {
  const size = Math.min(rows, ROWS_PER_STATEMENT);
  await database.query('CREATE TEMPORARY TABLE IF NOT EXISTS bench_numbers (i INT PRIMARY KEY)');
  const [made] = await database.query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM bench_numbers');
  if (Number(made[0]?.['n']) === 0) {
    const numbers = Array.from({ length: ROWS_PER_STATEMENT }, (_, i) => [i]);
    await database.query('INSERT INTO bench_numbers VALUES ?', [numbers]);
  }
  for (let start = 0; start < rows; start += size) {
    const [result] = await database.query<ResultSetHeader>(
      `INSERT INTO ${intoSelect} FROM (SELECT i + ${start} AS n FROM bench_numbers WHERE i < ${size}) AS numbers`,
    );
    if (result.affectedRows !== size) throw new Error(`${result.affectedRows} rows were made of ${size}.`);
  }
}

async function count(database: Connection, where: string): Promise<number> {
  const [rows] = await database.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${where}`);
  return Number(rows[0]?.['n']);
}

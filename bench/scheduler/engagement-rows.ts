import 'reflect-metadata';
import { importBuilt } from '../lib/built-services.ts';
import { countRows, idOf, insertRows } from './numbered-rows.ts';
import type { TaskRowsCase } from './task-rows.ts';

const tasks = await importBuilt<typeof import('../../src/modules/engagement/index.ts')>(
  'modules/engagement/index.js',
);

const ROWS = 1_000_000;
/** One row in so many is due. */
const DUE_EVERY = 10;
const LOT_POINTS = 10;
/** Of each activity. */
const PARTICIPANTS = 1_000;

const WHEN = (dueAt: string) =>
  `UTC_TIMESTAMP(3) + INTERVAL IF(MOD(n, ${DUE_EVERY}) = 0, -1 - MOD(n, 1000), 1 + MOD(n, 1000)) HOUR AS ${dueAt}`;

/** Coupons without a redemption. */
export const expiredCoupons: TaskRowsCase = {
  task: tasks.checkExpiredCoupons,
  rows: ROWS,
  seed: (database, rows) =>
    insertRows(
      database,
      rows,
      `coupons (id, code, amount, max_redemptions, max_per_user, state, created_by, valid_from, created_at, valid_until)
       SELECT ${idOf('a')}, CONCAT('BENCH', n), 1000000, 1, 1, 'active', ${idOf('a', '0')},
         UTC_TIMESTAMP(3) - INTERVAL 2000 HOUR, UTC_TIMESTAMP(3), ${WHEN('valid_until')}`,
    ),
  countDue: (database) =>
    countRows(database, `coupons WHERE state = 'active' AND valid_until <= UTC_TIMESTAMP(3)`),
};

/** Invitation codes, each of another user. */
export const expiredInvitationCodes: TaskRowsCase = {
  task: tasks.checkExpiredInvitationCodes,
  rows: ROWS,
  seed: (database, rows) =>
    insertRows(
      database,
      rows,
      `invitation_codes (id, owner_id, slot, code, max_uses, uses, owner_reward, invitee_reward, state, created_at,
         expires_at)
       SELECT ${idOf('a')}, ${idOf('a')}, 0, CONCAT('BENCH', n), 10, 0, 0, 0, 'active', UTC_TIMESTAMP(3),
         ${WHEN('expires_at')}`,
    ),
  countDue: (database) =>
    countRows(database, `invitation_codes WHERE state = 'active' AND expires_at <= UTC_TIMESTAMP(3)`),
};

/** Lots of points: ten of each user, one of which is due. Balances and entries agree with them. */
export const expiredPoints: TaskRowsCase = {
  task: tasks.checkExpiredPoints,
  rows: ROWS,
  seed: async (database, rows) => {
    const user = idOf('a', `n DIV ${DUE_EVERY}`);
    await insertRows(
      database,
      rows,
      `point_lots (id, user_id, points, remaining, valid_days, reason, state, earned_at, expires_at)
       SELECT ${idOf('a')}, ${user}, ${LOT_POINTS}, ${LOT_POINTS}, 90, 'bench', 'open', UTC_TIMESTAMP(3),
         ${WHEN('expires_at')}`,
    );
    await insertRows(
      database,
      rows,
      `point_entries (user_id, sequence, kind, points, balance_after, reference, created_at)
       SELECT ${user}, 1 + MOD(n, ${DUE_EVERY}), 'earn', ${LOT_POINTS}, (1 + MOD(n, ${DUE_EVERY})) * ${LOT_POINTS},
         ${idOf('a')}, UTC_TIMESTAMP(3)`,
    );
    await insertRows(
      database,
      rows / DUE_EVERY,
      `point_accounts (user_id, balance, last_sequence)
       SELECT ${idOf('a')}, ${DUE_EVERY * LOT_POINTS}, ${DUE_EVERY}`,
    );
  },
  countDue: (database) =>
    countRows(database, `point_lots WHERE state = 'open' AND expires_at <= UTC_TIMESTAMP(3)`),
};

/** Participants: a thousand of each activity, of which a tenth is over and rewards the first ten with coins. */
export const endedActivities: TaskRowsCase = {
  task: tasks.checkAndEndActivities,
  rows: ROWS,
  seed: async (database, rows) => {
    const rule = JSON.stringify({
      kind: 'top_by_points',
      rewards: Array.from({ length: 10 }, () => ({ kind: 'coins', amount: '1' })),
    });
    await insertRows(
      database,
      rows / PARTICIPANTS,
      `activities (id, title, rule, state, counted_to, created_by, starts_at, created_at, ends_at)
       SELECT ${idOf('a')}, 'bench', '${rule}', 'open', '', ${idOf('a', '0')}, UTC_TIMESTAMP(3) - INTERVAL 2000 HOUR,
         UTC_TIMESTAMP(3), ${WHEN('ends_at')}`,
    );
    await insertRows(
      database,
      rows,
      `activity_participants (activity_id, user_id, seat_id, points, coins_from, joined_at)
       SELECT ${idOf('a', `n DIV ${PARTICIPANTS}`)}, ${idOf('a')}, ${idOf('a')}, MOD(n * 7919, 10007), 0, UTC_TIMESTAMP(3)`,
    );
  },
  countDue: (database) =>
    countRows(
      database,
      `activities WHERE state IN ('open', 'counting', 'paying') AND ends_at <= UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE`,
    ),
};

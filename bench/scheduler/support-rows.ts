import 'reflect-metadata';
import type { Connection } from 'mysql2/promise';
import { importBuilt } from '../lib/built-services.ts';
import { countRows, idOf, insertRows } from './numbered-rows.ts';
import type { TaskRowsCase } from './task-rows.ts';

const tasks =
  await importBuilt<typeof import('../../src/modules/support/index.ts')>('modules/support/index.js');

/** A million chats, of which every tenth is due; the tasks run with their default times. */
const ROWS = 1_000_000;
const DUE_EVERY = 10;
/** Agents have room for all who wait. */
const AGENTS = 1_000;
const AGENT_CAPACITY = 100;

/** What the columns of a chat are, as SQL over its number `n`; those of every tenth and of the others. */
interface ChatColumns {
  readonly state: string;
  readonly agent?: string;
  readonly lastActivityAt?: string;
  readonly warnedAt?: string;
  readonly endedAt?: string;
}

const NOW = 'UTC_TIMESTAMP(3)';
const isDue = (due: string, other: string) => `IF(n % ${DUE_EVERY} = 0, ${due}, ${other})`;
const minutesAgo = (minutes: number) => `${NOW} - INTERVAL ${minutes} MINUTE`;
const daysAgo = (days: number) => `${NOW} - INTERVAL ${days} DAY`;
const AGENT_OF_CHAT = idOf('a', `n % ${AGENTS}`);

async function seedChats(database: Connection, rows: number, columns: ChatColumns): Promise<void> {
  await insertRows(
    database,
    rows,
    `support_chats
       (id, user_id, open_user_id, agent_id, state, opened_at, assigned_at, last_activity_at, warned_at, ended_at, last_sequence)
     SELECT ${idOf('c')}, ${idOf('b')}, IF(${columns.state} IN ('waiting', 'active'), ${idOf('b')}, NULL),
            ${columns.agent ?? 'NULL'}, ${columns.state}, ${minutesAgo(60)}, ${minutesAgo(50)},
            ${columns.lastActivityAt ?? NOW}, ${columns.warnedAt ?? 'NULL'}, ${columns.endedAt ?? 'NULL'}, 1`,
  );
  await insertRows(
    database,
    AGENTS,
    `support_agents (user_id, is_on_duty, capacity, seen_at)
     SELECT ${idOf('a')}, 1, ${AGENT_CAPACITY}, ${NOW} + INTERVAL 1 DAY`,
  );
  await database.query(
    `UPDATE support_agents a JOIN (
       SELECT agent_id, COUNT(*) AS chats FROM support_chats WHERE state = 'active' GROUP BY agent_id
     ) AS load_of ON load_of.agent_id = a.user_id SET a.active_chats = load_of.chats`,
  );
}

/** Of a million chats so many wait: ten times as many as may by default. The others have ended. */
const WAITING_EVERY = 100;

/** Every hundredth chat waits, and there is an agent for it. */
export const supportQueueRows: TaskRowsCase = {
  task: tasks.processCustomerServiceQueue,
  rows: ROWS,
  seed: (database, rows) =>
    seedChats(database, rows, {
      state: `IF(n % ${WAITING_EVERY} = 0, 'waiting', 'ended')`,
      endedAt: `IF(n % ${WAITING_EVERY} = 0, NULL, ${daysAgo(1)})`,
    }),
  countDue: (database) => countRows(database, `support_chats WHERE state = 'waiting'`),
};

/** Nobody has written in every tenth chat for six minutes; the others go on. */
export const supportWarningRows: TaskRowsCase = {
  task: tasks.sendTimeoutWarnings,
  rows: ROWS,
  seed: (database, rows) =>
    seedChats(database, rows, {
      state: `'active'`,
      agent: AGENT_OF_CHAT,
      lastActivityAt: isDue(minutesAgo(6), `${NOW} + INTERVAL 1 DAY`),
    }),
  countDue: (database) =>
    countRows(
      database,
      `support_chats WHERE state = 'active' AND warned_at IS NULL AND last_activity_at <= ${minutesAgo(5)}`,
    ),
};

/** The warning in every tenth chat was three minutes ago; in the others there was none. */
export const supportTimeoutRows: TaskRowsCase = {
  task: tasks.autoEndTimeoutChats,
  rows: ROWS,
  seed: (database, rows) =>
    seedChats(database, rows, {
      state: `'active'`,
      agent: AGENT_OF_CHAT,
      lastActivityAt: minutesAgo(9),
      warnedAt: isDue(minutesAgo(3), 'NULL'),
    }),
  countDue: (database) =>
    countRows(database, `support_chats WHERE state = 'active' AND warned_at <= ${minutesAgo(2)}`),
};

/** Half of those that are due are to be archived, half have texts to be erased. */
export const supportRetentionRows: TaskRowsCase = {
  task: tasks.cleanupLongInactiveChats,
  rows: ROWS,
  seed: async (database, rows) => {
    const isOldest = `n % ${2 * DUE_EVERY} = 0`;
    await seedChats(database, rows, {
      state: `IF(${isOldest}, 'archived', 'ended')`,
      agent: AGENT_OF_CHAT,
      endedAt: `IF(${isOldest}, ${daysAgo(400)}, ${isDue(daysAgo(31), daysAgo(1))})`,
    });
    await database.query(
      `INSERT INTO support_messages (chat_id, sequence, sender, content, created_at)
       SELECT id, 1, 'user', REPEAT('A text of some length. ', 5), opened_at FROM support_chats WHERE state = 'archived'`,
    );
  },
  countDue: (database) =>
    countRows(
      database,
      `support_chats WHERE (state = 'ended' AND ended_at <= ${daysAgo(30)})
        OR (state = 'archived' AND texts_erased_at IS NULL AND ended_at <= ${daysAgo(365)})`,
    ),
};

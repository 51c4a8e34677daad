import { z } from 'zod';
import type { DigestRow, LockWaitRow, RunningRow } from '../database/database-activity.repository.js';

export const slowQueriesQuerySchema = z.strictObject({
  min_ms: z.coerce
    .number()
    .int()
    .min(0)
    .max(86_400_000)
    .default(1_000)
    .meta({
      description: 'Statements that have been running for at least so long.',
      examples: [1_000],
    }),
});
export type SlowQueriesQuery = z.infer<typeof slowQueriesQuerySchema>;

const statement = z.string().meta({
  description: 'Without its literals, so that it tells nothing that a user wrote.',
  examples: ['SELECT id FROM conversations WHERE owner_id = ?'],
});
const milliseconds = z.number().min(0);
const connectionId = z.int().meta({ description: 'For `KILL`.', examples: [4711] });
const host = z
  .string()
  .nullable()
  .meta({ examples: ['10.0.0.7:52144'] });

const missingSchema = z.array(
  z.object({
    code: z.enum(['right_missing', 'performance_schema_off', 'not_supported']),
    lost: z.string().meta({ description: 'What cannot be told therefore.' }),
    remedy: z.string(),
  }),
);

const runningSchema = z.object({
  connection_id: connectionId,
  account: z.string(),
  host,
  running_ms: milliseconds,
  state: z.string().nullable(),
  statement,
});

const digestSchema = z.object({
  statement,
  count: z.int(),
  total_ms: milliseconds,
  mean_ms: milliseconds,
  max_ms: milliseconds,
  rows_examined: z.int(),
  rows_sent: z.int(),
  first_seen_at: z.iso.datetime(),
  last_seen_at: z.iso.datetime(),
});

export const slowQueriesSchema = z
  .object({
    items: z.array(runningSchema).meta({ description: 'What runs now, the longest first; at most 100.' }),
    next_cursor: z.null(),
    digests: z
      .array(digestSchema)
      .meta({ description: 'The forms of statements that took the most time in all; at most 50.' }),
    missing: missingSchema,
  })
  .meta({
    examples: [
      {
        items: [
          {
            connection_id: 4711,
            account: 'lockkeeper',
            host: '10.0.0.7:52144',
            running_ms: 5_210,
            state: 'Sending data',
            statement: 'SELECT id FROM logs WHERE message LIKE ?',
          },
        ],
        next_cursor: null,
        digests: [],
        missing: [
          {
            code: 'performance_schema_off',
            lost: 'Which forms of statements took the most time.',
            remedy: 'Start the server with performance_schema=ON.',
          },
        ],
      },
    ],
  });
export type SlowQueriesAnswer = z.infer<typeof slowQueriesSchema>;

const lockWaitSchema = z.object({
  wait_ms: milliseconds.meta({ description: 'In whole seconds, as the server tells it.' }),
  table: z.string().nullable(),
  index: z.string().nullable(),
  lock_mode: z
    .string()
    .nullable()
    .meta({ examples: ['X'] }),
  waiting: z.object({ connection_id: connectionId, host, statement: statement.nullable() }),
  blocking: z.object({
    connection_id: connectionId,
    host,
    age_ms: milliseconds.meta({ description: 'How long its transaction has been open.' }),
    rows_locked: z.int(),
    command: z.string().nullable().meta({ description: '`Sleep`: its client does nothing with it.' }),
    statement: statement.nullable(),
  }),
});

export const lockWaitsSchema = z.object({
  items: z.array(lockWaitSchema).meta({ description: 'The longest wait first; at most 100.' }),
  next_cursor: z.null(),
  missing: missingSchema,
});
export type LockWaitsAnswer = z.infer<typeof lockWaitsSchema>;

export function toRunningAnswer(row: RunningRow): SlowQueriesAnswer['items'][number] {
  const { connection_id, account, host: from, running_ms, state, statement: text } = row;
  return {
    connection_id: Number(connection_id),
    account,
    host: from,
    running_ms: Number(running_ms),
    state,
    statement: text,
  };
}

export function toDigestAnswer(row: DigestRow): SlowQueriesAnswer['digests'][number] {
  return {
    statement: row.statement ?? '',
    count: Number(row.count),
    total_ms: Number(row.total_ms),
    mean_ms: Number(row.mean_ms),
    max_ms: Number(row.max_ms),
    rows_examined: Number(row.rows_examined),
    rows_sent: Number(row.rows_sent),
    first_seen_at: new Date(Number(row.first_seen_s) * 1000).toISOString(),
    last_seen_at: new Date(Number(row.last_seen_s) * 1000).toISOString(),
  };
}

export function toLockWaitAnswer(row: LockWaitRow): LockWaitsAnswer['items'][number] {
  return {
    wait_ms: Math.max(0, Number(row.wait_ms)),
    table: row.locked_table,
    index: row.locked_index,
    lock_mode: row.lock_mode,
    waiting: {
      connection_id: Number(row.waiting_connection_id),
      host: row.waiting_host,
      statement: row.waiting_statement,
    },
    blocking: {
      connection_id: Number(row.blocking_connection_id),
      host: row.blocking_host,
      age_ms: Math.max(0, Number(row.blocking_age_ms)),
      rows_locked: Number(row.blocking_rows_locked),
      command: row.blocking_command,
      statement: row.blocking_statement,
    },
  };
}

import { z } from 'zod';
import { type Verdict, verdictStates } from '../domain/verdicts.js';

const findingSchema = z.object({
  state: z.enum(verdictStates),
  reason_code: z.string().meta({ example: 'conversations_parked' }),
  reason: z.string(),
  action: z.string(),
});

const verdictSchema = z.object({
  state: z.enum(verdictStates).meta({ example: 'ok' }),
  reason_code: z.string().meta({
    description: 'Of the worst that was found; docs/monitoring.md lists all.',
    example: 'all_flowing',
  }),
  reason: z.string().meta({ example: 'Work comes in and gets through in time.' }),
  action: z.string().meta({ description: 'What to do about it.', example: 'Nothing to do.' }),
  also: z.array(findingSchema).meta({ description: 'What else speaks against it, the worst first.' }),
});

const perSecond = z.number().nullable();

export const overviewSchema = z
  .object({
    at: z.iso.datetime(),
    verdicts: z.object({
      flow: verdictSchema.meta({ description: 'Whether work comes in and gets through.' }),
      execution: verdictSchema.meta({ description: 'Whether what runs ends well.' }),
      liveness: verdictSchema.meta({
        description: 'Whether there are processes enough, and whether they get on.',
      }),
    }),
    redis: z.enum(['up', 'down']),
    mysql: z.enum(['up', 'down']),
    scheduler: z
      .object({
        mode: z.string().meta({ example: 'redis' }),
        is_lease_held: z.boolean().meta({ description: 'Whether a worker looks after the periodic tasks.' }),
      })
      .nullable(),
    rates: z
      .object({
        turns_per_s: perSecond.meta({ description: 'Turns that ended.', example: 1.5 }),
        logs_per_s: perSecond.meta({ description: 'Log lines that were accepted.', example: 0 }),
        coins_per_s: z
          .string()
          .nullable()
          .meta({ description: 'Coins that were charged.', example: '0.250000' }),
        requests_per_s: perSecond.meta({ example: 12.1 }),
        errors_per_s: perSecond.meta({ description: 'Requests that ended with a 5xx.', example: 0 }),
      })
      .meta({
        description:
          'Over the last ten seconds, of all processes of this machine. Null when nobody has looked for a minute.',
      }),
    latency_ms: z
      .object({ p50: z.number().nullable(), p95: z.number().nullable() })
      .meta({ description: 'Of requests that are no event streams; null if there was none.' }),
    save_lag_ms: z
      .int()
      .nullable()
      .meta({ description: 'How long the oldest finished turn has waited to be saved.' }),
    queues: z
      .array(
        z.object({
          name: z.string().meta({ example: 'conversation-saves' }),
          waiting: z.int().nullable(),
          active: z.int().nullable(),
          delayed: z.int().nullable(),
          failed: z.int().nullable(),
          oldest_age_ms: z.int().nullable().meta({ description: 'Null, too, if nothing waits.' }),
          objective_ms: z.int().meta({ description: 'A job should wait no longer.', example: 10_000 }),
          is_paused: z.boolean().nullable(),
        }),
      )
      .meta({ description: 'All queues; their figures are null while Redis is away.' }),
    processes: z.object({
      alive: z.int().nullable(),
      stuck: z.int().nullable(),
      lost: z.int().nullable(),
    }),
    parked_conversations: z.int().nullable(),
    quarantined_entries: z.int().nullable(),
    log_backlog_bytes: z.int().nullable(),
  })
  .meta({ description: 'What cannot be known just now is null.' });
export type Overview = z.infer<typeof overviewSchema>;

export function toVerdictAnswer({ reasonCode, also, ...verdict }: Verdict): Overview['verdicts']['flow'] {
  return {
    state: verdict.state,
    reason_code: reasonCode,
    reason: verdict.reason,
    action: verdict.action,
    also: also.map((finding) => ({
      state: finding.state,
      reason_code: finding.reasonCode,
      reason: finding.reason,
      action: finding.action,
    })),
  };
}

import { z } from 'zod';
import { reasonSchema } from '../../audit/index.js';
import { idSchema } from '../../../shared/ids.js';

export const accountingSchema = z.object({
  is_closed: z.boolean().meta({
    description: 'Every accepted line is stored, in quarantine, discarded or waiting, and none is so twice.',
  }),
  accepted_lines: z.int().meta({ description: 'Ever accepted, by all processes.' }),
  stored_lines: z.int().meta({ description: 'Ever committed, those included that the retention dropped.' }),
  quarantined_lines: z.int().meta({ description: 'In quarantine now.' }),
  discarded_lines: z.int().meta({ description: 'Given up by an operator.' }),
  pending_lines: z.int().meta({ description: 'In the queue now.' }),
  difference_lines: z.int().meta({
    description:
      'accepted − stored − quarantined − discarded − pending: 0 at rest; below it while lines are committed ' +
      'and not yet out of the queue; above it if lines are missing.',
  }),
  dropped_lines: z.int().meta({ description: 'Of the stored ones: dropped by the retention.' }),
  missing_entries: z.int().meta({
    description: 'Entries that somebody has taken out of `logs:stream` before they were stored.',
  }),
  backlog: z.object({
    entries: z.int(),
    bytes: z.int(),
    limit_bytes: z.int().meta({ description: 'Beyond it requests are answered with `log_backlog_full`.' }),
    lag_seconds: z.number().meta({ description: 'How long the oldest entry has waited.' }),
  }),
});
export type AccountingAnswer = z.infer<typeof accountingSchema>;

export const quarantineListQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(500).optional(),
});
export type QuarantineListQuery = z.infer<typeof quarantineListQuerySchema>;

export const quarantineListSchema = z.object({
  items: z.array(
    z.object({
      id: z.uuid(),
      receipt_id: z.uuid().meta({ description: 'The receipt of the request it came with.' }),
      kind: z.enum(['line', 'entry']).meta({
        description: '`entry`: the whole of a request, which could not be read.',
      }),
      line_count: z.int(),
      content: z.string().meta({
        description:
          'At most its first 10,000 characters. A line is a JSON list: id, time in ms, device_id, log_level, ' +
          'message, log_data as text, trace_id, span_id.',
      }),
      error: z.string().meta({ examples: ["Data too long for column 'device_id' at row 1"] }),
      created_at: z.iso.datetime(),
    }),
  ),
  next_cursor: z.string().nullable(),
});

export const quarantineParamsSchema = z.object({ id: idSchema });
export type QuarantineParams = z.infer<typeof quarantineParamsSchema>;

export const replayedSchema = z.object({ id: z.uuid(), stored_lines: z.int() });

export const discardSchema = z
  .strictObject({ reason: reasonSchema })
  .meta({ examples: [{ reason: 'sent by a broken build, not wanted' }] });
export type Discard = z.infer<typeof discardSchema>;

export const discardedSchema = z.object({ id: z.uuid() });

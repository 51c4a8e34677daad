import type { ApiBodyOptions } from '@nestjs/swagger';
import { z } from 'zod';
import { logLevels } from '../domain/log-line.js';

/** Asked of all routes. */
export const ackQuerySchema = z.object({
  ack: z.enum(['queued', 'stored']).default('queued').meta({
    description: '`queued`: answer when the logs are in the queue. `stored`: when they are in the database.',
  }),
});
export type AckQuery = z.infer<typeof ackQuerySchema>;

const fateSchema = z.enum(['queued', 'stored', 'quarantined']).meta({
  description: '`quarantined`: at least one of the lines could not be stored and is kept apart.',
});

const receiptFields = {
  received_at: z.iso.datetime(),
  receipt_id: z.uuid().meta({ description: 'Ask `GET /api/logs/receipts/{id}` what became of it.' }),
  fate: fateSchema,
};

const seedLineSchema = z
  .object({
    device_id: z.string().min(1).max(50),
    log_level: z.enum(logLevels).meta({ description: 'In any case.' }),
    message: z.string().min(1).max(5000),
    log_data: z.record(z.string(), z.unknown()).nullish(),
    timestamp: z.union([z.iso.datetime(), z.number()]).nullish().meta({
      description: 'When it happened: ISO 8601, or milliseconds since 1970. Ours is taken if it is not sane.',
    }),
    trace_id: z.string().nullish().meta({ description: '32 hexadecimal digits.' }),
    span_id: z.string().nullish().meta({ description: '16 hexadecimal digits.' }),
  })
  .meta({
    examples: [
      {
        device_id: 'sensor-17',
        log_level: 'INFO',
        message: 'temperature read',
        log_data: { celsius: 21.5 },
      },
    ],
  });

const seedBatchSchema = z.object({ logs: z.array(seedLineSchema).min(1).max(1000) });

/** Bodies that are checked by hand, for the API's description alone. */
export const seedLineBody = describedBody(seedLineSchema);
export const seedBatchBody = describedBody(seedBatchSchema);

function describedBody(schema: z.ZodType): ApiBodyOptions {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' });
  return { schema: described as object };
}

export const singleReceivedSchema = z.object({
  status: z.literal('received'),
  message_id: z.uuid(),
  ...receiptFields,
});
export type SingleReceived = z.infer<typeof singleReceivedSchema>;

export const batchReceivedSchema = z.object({
  status: z.literal('received'),
  count: z.number().int(),
  message_ids: z.array(z.uuid()),
  ...receiptFields,
});
export type BatchReceived = z.infer<typeof batchReceivedSchema>;

export const ndjsonReceivedSchema = z.object({
  status: z.enum(['received', 'partial']),
  accepted: z.number().int(),
  rejected: z.number().int(),
  errors: z
    .array(z.object({ line: z.number().int(), message: z.string() }))
    .meta({ description: 'Of the first 20 lines that were rejected; the first line of the body is 1.' }),
  ...receiptFields,
});
export type NdjsonReceived = z.infer<typeof ndjsonReceivedSchema>;

export const otlpResponseSchema = z.object({
  partialSuccess: z
    .object({ rejectedLogRecords: z.string(), errorMessage: z.string() })
    .optional()
    .meta({ description: 'Left out if all records were taken in.' }),
});
export type OtlpResponse = z.infer<typeof otlpResponseSchema>;

export const receiptFateSchema = z.object({ receipt_id: z.uuid(), fate: fateSchema });
export type ReceiptFate = z.infer<typeof receiptFateSchema>;

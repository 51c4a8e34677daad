import { z } from 'zod';
import { type LogLevel, logLevels, type LogLine } from '../../domain/log-line.js';
import { parseDataPath } from '../domain/data-path.js';
import type { LogFilter, TimeWindow } from '../domain/log-filter.js';

const DEVICE = 'sensor-17';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

const characters = (min: number, max: number) =>
  z
    .string()
    .refine((text) => text.length >= min && Array.from(text).length <= max, {
      error: `must have ${min} to ${max} characters`,
    })
    // No column of ours holds what is no text.
    .refine((text) => text.isWellFormed(), { error: 'must be well-formed Unicode' });

export const deviceIdSchema = characters(1, 50).meta({ description: 'The device.', examples: [DEVICE] });

const levelsByName: ReadonlyMap<string, LogLevel> = new Map(logLevels.map((level) => [level, level]));

const levelsSchema = z
  .union([z.string(), z.array(z.string())])
  .transform((given, context): LogLevel[] => {
    const names = (typeof given === 'string' ? [given] : given).flatMap((text) => text.split(','));
    const levels = names.map((name) => levelsByName.get(name.trim().toUpperCase()));
    if (levels.every((level) => level !== undefined)) return [...new Set(levels)];
    context.addIssue({ code: 'custom', message: `must be of ${logLevels.join(', ')}` });
    return z.NEVER;
  })
  .meta({
    description: 'One or several, as `ERROR,CRITICAL` or repeated, in upper or lower case.',
    examples: ['ERROR,CRITICAL'],
  });

const EARLIEST_MS = Date.UTC(1970, 0, 1);
const LATEST_MS = Date.UTC(9999, 0, 1);

const instant = (description: string) =>
  z.iso
    .datetime({ offset: true })
    .transform((text) => Date.parse(text))
    .refine((ms) => ms >= EARLIEST_MS && ms < LATEST_MS, { error: 'must lie in the years 1970 to 9998' })
    .optional()
    .meta({ description, examples: ['2027-01-31T12:00:00.000Z'] });

const pathSchema = z
  .string()
  .transform((text, context) => {
    const path = parseDataPath(text);
    if (path) return path;
    context.addIssue({
      code: 'custom',
      message: 'must be a path such as $.user.id, $.items[0] or $."http.status_code", of at most 10 steps',
    });
    return z.NEVER;
  })
  .meta({
    description:
      'A place in `log_data`, such as `$.user.id`, `$.items[0]` or `$."http.status_code"`; with `value`.',
    examples: ['$.user.id'],
  });

const textSchema = characters(1, 200).meta({
  description: 'A text that occurs in the message, in upper or lower case. `%` and `_` mean themselves.',
  examples: ['timeout'],
});

const filterFields = {
  device_id: deviceIdSchema.optional(),
  level: levelsSchema.optional(),
  from: instant('From this time on, of the lines’ own `created_at`. Left out: see the answer.'),
  to: instant('Up to, and without, this time.'),
  q: textSchema.optional(),
  path: pathSchema.optional(),
  value: characters(1, 500)
    .optional()
    .meta({
      description:
        'What stands at `path`: a text, byte by byte, or a number, `true` or `false` in the words of JSON.',
      examples: ['42'],
    }),
  trace_id: z
    .string()
    .regex(/^[0-9a-f]{32}$/i, 'must be 32 hexadecimal digits')
    .toLowerCase()
    .optional()
    .meta({ description: 'The trace.', examples: [TRACE] }),
};

interface Filters {
  from?: number | undefined;
  to?: number | undefined;
  path?: unknown;
  value?: unknown;
}

function checkTogether({ from, to, path, value }: Filters, context: z.RefinementCtx): void {
  if (from !== undefined && to !== undefined && from >= to) {
    context.addIssue({ code: 'custom', path: ['from'], message: 'must be before `to`' });
  }
  if ((path === undefined) !== (value === undefined)) {
    context.addIssue({ code: 'custom', path: ['path'], message: '`path` and `value` belong together' });
  }
}

export const logQuerySchema = z
  .strictObject({
    ...filterFields,
    limit: z.coerce
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(100)
      .meta({ description: 'At most so many.', examples: [100] }),
    cursor: z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' }),
  })
  .superRefine(checkTogether);
export type LogQueryRequest = z.infer<typeof logQuerySchema>;

export const logExportQuerySchema = z.strictObject(filterFields).superRefine(checkTogether);
export type LogExportRequest = z.infer<typeof logExportQuerySchema>;

export const logTailQuerySchema = z.strictObject({
  device_id: deviceIdSchema.optional(),
  level: levelsSchema.optional(),
  q: textSchema.optional(),
});
export type LogTailRequest = z.infer<typeof logTailQuerySchema>;

/** The filter that the fields of a request mean. */
export function filterOf(request: Omit<LogExportRequest, 'from' | 'to'>): LogFilter {
  const { device_id, level, q, path, value, trace_id } = request;
  return {
    deviceId: device_id,
    levels: level,
    text: q,
    traceId: trace_id,
    data: path === undefined || value === undefined ? undefined : { path, value },
  };
}

/** What a cursor holds: the window, which must not move while a client walks, and the last place seen. */
export const logCursorSchema = z.tuple([
  z.number().int().min(-LATEST_MS).max(LATEST_MS),
  z
    .number()
    .int()
    .min(-LATEST_MS)
    .max(LATEST_MS * 2),
  z.number().int().min(0).max(LATEST_MS),
  z.uuid(),
]);

export const storedLineSchema = z.object({
  id: z.uuid().meta({ examples: ['0197c5a2-9a10-7c22-9b4d-63a2f7e8d901'] }),
  device_id: z.string().meta({ examples: [DEVICE] }),
  log_level: z.enum(logLevels),
  message: z.string().meta({ examples: ['Connection timeout after 3 tries'] }),
  log_data: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ examples: [{ user: { id: 42 }, tries: 3 }] }),
  created_at: z.iso.datetime().meta({ examples: ['2027-01-31T11:59:58.123Z'] }),
  trace_id: z
    .string()
    .nullable()
    .meta({ examples: [TRACE] }),
  span_id: z
    .string()
    .nullable()
    .meta({ examples: ['00f067aa0ba902b7'] }),
});
export type StoredLine = z.infer<typeof storedLineSchema>;

export const logPageSchema = z.object({
  items: z.array(storedLineSchema).meta({ description: 'The newest first.' }),
  next_cursor: z.string().nullable().meta({
    description:
      'For the next page, with the same filters; null on the last. A page of long lines has fewer than `limit`.',
  }),
  from: z.iso
    .datetime()
    .meta({ description: 'The window that was looked at.', examples: ['2027-01-30T12:00:00.000Z'] }),
  to: z.iso.datetime().meta({
    description: 'Its end; an hour from now unless given, since clocks may be ahead.',
    examples: ['2027-01-31T13:00:00.000Z'],
  }),
});
export type LogPageDto = z.infer<typeof logPageSchema>;

export function toStoredLine(line: LogLine): StoredLine {
  const { id, device_id, log_level, message, log_data, created_at, trace_id, span_id } = line;
  const at = new Date(created_at).toISOString();
  return { id, device_id, log_level, message, log_data, created_at: at, trace_id, span_id };
}

export function toWindow({ fromMs, toMs }: TimeWindow): { from: string; to: string } {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}

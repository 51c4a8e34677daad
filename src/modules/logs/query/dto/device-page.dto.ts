import { z } from 'zod';
import { logLevels } from '../../domain/log-line.js';
import { deviceIdSchema, storedLineSchema } from './log-query.dto.js';

export const devicePageParamsSchema = z.strictObject({ device_id: deviceIdSchema });
export type DevicePageParams = z.infer<typeof devicePageParamsSchema>;

export const devicePageQuerySchema = z.strictObject({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(100)
    .meta({ description: 'At most so many.', examples: [100] }),
});
export type DevicePageQuery = z.infer<typeof devicePageQuerySchema>;

export const deviceLineSchema = storedLineSchema.omit({ trace_id: true, span_id: true });
export type DeviceLine = z.infer<typeof deviceLineSchema>;

export const devicePageSchema = z.object({
  total: z
    .number()
    .int()
    .meta({ description: 'How many lines are in `data`.', examples: [1] }),
  source: z.enum(['cache', 'database']),
  data: z.array(deviceLineSchema).meta({ description: 'The newest first.' }),
});
export type DevicePageDto = z.infer<typeof devicePageSchema>;

export const logStatsSchema = z.object({
  total_logs: z
    .number()
    .int()
    .meta({ description: 'How many lines are stored.', examples: [1_234_567] }),
  logs_by_level: z.partialRecord(z.enum(logLevels), z.number().int()).meta({
    description: 'The same by level, without levels that do not occur.',
    examples: [{ INFO: 1_200_000 }],
  }),
  recent_devices: z.array(z.string()).meta({
    description: 'The ten devices with the most lines among the latest 10,000, the most active first.',
    examples: [['sensor-17', 'sensor-3']],
  }),
});
export type LogStatsDto = z.infer<typeof logStatsSchema>;

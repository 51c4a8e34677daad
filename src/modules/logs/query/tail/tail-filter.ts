import { z } from 'zod';
import { logLevels, type LogLine } from '../../domain/log-line.js';

/** Which lines a tail wants. As it is kept in Redis, where every writer reads it. */
export const tailFilterSchema = z.object({
  device_id: z.string().optional(),
  levels: z.array(z.enum(logLevels)).optional(),
  text: z.string().optional(),
});
export type TailFilter = z.infer<typeof tailFilterSchema>;

/** A function that tells whether a line is wanted. */
export function matcherOf({ device_id, levels, text }: TailFilter): (line: LogLine) => boolean {
  const wanted = text?.toLowerCase();
  return (line) =>
    (device_id === undefined || line.device_id === device_id) &&
    (levels === undefined || levels.includes(line.log_level)) &&
    (wanted === undefined || line.message.toLowerCase().includes(wanted));
}

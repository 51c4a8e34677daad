import { z } from 'zod';
import { idSchema } from '../../../shared/ids.js';
import { turnStatuses } from '../../conversation/index.js';

export const turnParamsSchema = z.object({ id: idSchema, turn_id: idSchema });
export type TurnParams = z.infer<typeof turnParamsSchema>;

export const turnStateSchema = z.object({
  turn_id: z.uuid(),
  conversation_id: z.uuid(),
  status: z.enum(turnStatuses).meta({ examples: ['complete'] }),
  model: z.string(),
  finish_reason: z.string().nullable(),
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  cost: z.string().meta({ description: 'What it was charged, in coins.', examples: ['0.012500'] }),
  error_code: z.string().nullable().meta({ description: 'Why it failed or was interrupted.' }),
  started_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
});
export type TurnState = z.infer<typeof turnStateSchema>;

export const stopAnswerSchema = z.object({
  turn_id: z.uuid(),
  status: z
    .enum(['stopping', ...turnStatuses])
    .meta({ description: '`stopping`: its end follows within a second. Otherwise how it had ended before.' }),
});
export type StopAnswer = z.infer<typeof stopAnswerSchema>;

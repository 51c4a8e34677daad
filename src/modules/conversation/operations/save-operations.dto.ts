import { z } from 'zod';
import { idSchema } from '../../../shared/ids.js';
import { reasonSchema } from '../../audit/index.js';
import { SAVE_SHARDS } from '../domain/shards.js';

const shardsAtOnce = z
  .int()
  .min(1)
  .max(SAVE_SHARDS)
  .meta({ description: 'How many shards one worker process saves at the same time.', examples: [8] });

export const saveSettingsSchema = z.strictObject({ shards_at_once: shardsAtOnce });
export type SaveSettings = z.infer<typeof saveSettingsSchema>;

export const saveOverviewSchema = z.object({
  is_redis_away: z
    .boolean()
    .meta({ description: 'Then turns are kept in the database, and what waits in Redis is not counted.' }),
  shards_at_once: shardsAtOnce,
  shards: z.array(
    z.object({
      shard: z.int(),
      waiting: z.int().nullable().meta({ description: 'Finished turns in Redis.' }),
      waiting_in_database: z.int().meta({
        description: 'Finished turns in the database: of parked conversations, or of a time without Redis.',
      }),
      is_active: z.boolean().meta({ description: 'A worker saves it just now.' }),
    }),
  ),
  parked_conversations: z.int(),
  workers: z.array(
    z.object({ host: z.string(), pid: z.int(), shards_at_once: z.int(), active_shards: z.array(z.int()) }),
  ),
});
export type SaveOverview = z.infer<typeof saveOverviewSchema>;

export const parkedListQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(500).optional(),
});
export type ParkedListQuery = z.infer<typeof parkedListQuerySchema>;

export const parkedConversationSchema = z.object({
  conversation_id: z.uuid(),
  turn_id: z.uuid().meta({ description: 'The turn that cannot be saved; the later ones wait behind it.' }),
  error: z.string(),
  parked_at: z.iso.datetime(),
  waiting_turns: z.int(),
});

export const parkedListSchema = z.object({
  items: z.array(parkedConversationSchema),
  next_cursor: z.string().nullable(),
});

export const parkedParamsSchema = z.object({ id: idSchema });
export type ParkedParams = z.infer<typeof parkedParamsSchema>;

export const skipTurnSchema = z
  .strictObject({ reason: reasonSchema })
  .meta({ examples: [{ reason: 'text longer than its column; told the user, TICKET-12' }] });
export type SkipTurn = z.infer<typeof skipTurnSchema>;

export const skippedSchema = z.object({ conversation_id: z.uuid(), skipped_turn_id: z.uuid() });
export const retriedSchema = z.object({ conversation_id: z.uuid() });

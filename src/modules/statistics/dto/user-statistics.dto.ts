import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../../platform/http/index.js';
import { formatCoins } from '../../../shared/money.js';
import type { ActivityPosition, UserStatistics } from '../user-statistics.repository.js';

const count = (description: string, example: number) => z.int().meta({ description, examples: [example] });
const coins = (description: string, example: string) => z.string().meta({ description, examples: [example] });

export const userStatisticsSchema = z.object({
  user_id: z.uuid(),
  tasks_posted: count('Tasks of the marketplace that you posted.', 7),
  tasks_completed: count('Of these, how many were paid for.', 4),
  tasks_cancelled: count('Of these, how many ended without a payment.', 2),
  tasks_done: count('How many you were paid for, as an expert.', 3),
  coins_earned: coins('What these paid.', '37.500000'),
  coins_spent: coins('All that you were charged.', '120.250000'),
  coins_received: coins('All that you were given, what you earned included.', '200.000000'),
  conversations: count('Conversations that you have. One without a turn counts from the next change on.', 12),
  turns: count('Turns in them that are saved.', 340),
  last_activity_at: z.iso
    .datetime()
    .nullable()
    .meta({ description: 'The last turn, or task posted, accepted or delivered; null without any.' }),
  computed_at: z.iso
    .datetime()
    .nullable()
    .meta({ description: 'When this was computed, at most some minutes ago; null if nothing happened yet.' }),
});
export type UserStatisticsAnswer = z.infer<typeof userStatisticsSchema>;

export const statisticsQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50).meta({ description: 'At most so many.' }),
  cursor: z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' }),
});
export type StatisticsQuery = z.infer<typeof statisticsQuerySchema>;

export const statisticsPageSchema = z.object({
  items: z.array(userStatisticsSchema).meta({ description: 'The latest active first.' }),
  next_cursor: z.string().nullable().meta({ description: 'For the next page; null on the last.' }),
});
export type StatisticsPageAnswer = z.infer<typeof statisticsPageSchema>;

const position = z.tuple([z.iso.datetime(), z.uuid()]);

/** After whom a page begins. @throws `invalid_request` for a cursor that is none of ours */
export function readStatisticsCursor(cursor: string | undefined): ActivityPosition | undefined {
  if (cursor === undefined) return undefined;
  const [lastActivityAt, userId] = decodeCursor(cursor, position);
  return { lastActivityAt: new Date(lastActivityAt), userId };
}

/** The statistics of a user; zeros if there are none. */
export function toStatisticsAnswer(
  userId: string,
  statistics: UserStatistics | undefined,
): UserStatisticsAnswer {
  return {
    user_id: userId,
    tasks_posted: statistics?.tasksPosted ?? 0,
    tasks_completed: statistics?.tasksCompleted ?? 0,
    tasks_cancelled: statistics?.tasksCancelled ?? 0,
    tasks_done: statistics?.tasksDone ?? 0,
    coins_earned: formatCoins(statistics?.coinsEarned ?? 0n),
    coins_spent: formatCoins(statistics?.coinsSpent ?? 0n),
    coins_received: formatCoins(statistics?.coinsReceived ?? 0n),
    conversations: statistics?.conversations ?? 0,
    turns: statistics?.turns ?? 0,
    last_activity_at: statistics?.lastActivityAt?.toISOString() ?? null,
    computed_at: statistics?.computedAt.toISOString() ?? null,
  };
}

/** Makes a page of up to `limit + 1` users, of whom the last only shows that there are more. */
export function toStatisticsPageAnswer(
  statistics: readonly UserStatistics[],
  limit: number,
): StatisticsPageAnswer {
  const shown = statistics.slice(0, limit);
  const last = shown.at(-1);
  const hasMore = statistics.length > limit;
  return {
    items: shown.map((each) => toStatisticsAnswer(each.userId, each)),
    next_cursor:
      hasMore && last?.lastActivityAt ? encodeCursor([last.lastActivityAt.toISOString(), last.userId]) : null,
  };
}

import { z } from 'zod';
import { idSchema } from '../../../shared/ids.js';
import { formatCoins } from '../../../shared/money.js';
import { grantStates } from '../coin-rewards.js';
import { idField, pageSchema, timeField, timeInput } from '../page.dto.js';
import { type Rule, ruleSchema } from './activity-rule.dto.js';
import { type Activity, activityStates } from './activity.repository.js';
import type { Standing } from './activity.service.js';
import type { Payout } from './payout.repository.js';

const MAX_DAYS = 400;
const DAY_MS = 86_400_000;

const title = z
  .string()
  .trim()
  .min(1)
  .max(120)
  .meta({ description: 'What users see.', examples: ['Spring challenge'] });

export const createActivitySchema = z
  .strictObject({
    title,
    rule: ruleSchema,
    starts_at: timeInput('From this moment on what is earned and charged counts.', '2027-03-01T00:00:00Z'),
    ends_at: timeInput('Before this moment. At most 400 days later.', '2027-04-01T00:00:00Z'),
  })
  .refine((body) => isPeriod(body.starts_at, body.ends_at), {
    path: ['ends_at'],
    message: `must be after starts_at, at most ${MAX_DAYS} days`,
  })
  .meta({
    examples: [
      {
        title: 'Spring challenge',
        rule: {
          kind: 'top_by_points',
          rewards: [
            { kind: 'coins', amount: '50' },
            { kind: 'points', points: 500, valid_days: 90 },
          ],
        },
        starts_at: '2027-03-01T00:00:00Z',
        ends_at: '2027-04-01T00:00:00Z',
      },
    ],
  });
export type CreateActivity = z.infer<typeof createActivitySchema>;

export const activitySchema = z.object({
  id: idField('Its id.'),
  title,
  rule: ruleSchema,
  starts_at: timeField('From this moment on.'),
  ends_at: timeField('Before this moment.'),
  state: z.enum(activityStates).meta({
    description:
      '`open` until some minutes after `ends_at`; `counting` and `paying` while rewards are worked out and paid.',
    examples: ['open'],
  }),
  created_at: timeField('When it was made.'),
  ended_at: timeField('When its last reward was paid, or it was cancelled.').nullable(),
});
export type ActivityAnswer = z.infer<typeof activitySchema>;
export const activityPageSchema = pageSchema(activitySchema, 'The newest first.');
export const openActivityPageSchema = pageSchema(activitySchema, 'The one that ends first first.');
export type ActivityPage = z.infer<typeof activityPageSchema>;

export const standingSchema = z.object({
  points: z.int().meta({ description: 'Earned while taking part.', examples: [120] }),
  place: z
    .int()
    .nullable()
    .meta({ description: 'By points; null without points and beyond the 10,000th.', examples: [3] }),
  coins_spent: z
    .string()
    .nullable()
    .meta({
      description: 'Charged while taking part; null unless the rule is `coins_spent`.',
      examples: ['12.500000'],
    }),
  joined_at: timeField('When you joined.'),
});
export type StandingAnswer = z.infer<typeof standingSchema>;

export const leaderboardSchema = pageSchema(
  z.object({
    place: z.int().meta({ examples: [1] }),
    points: z.int().meta({ examples: [120] }),
    is_you: z.boolean().meta({ examples: [false] }),
  }),
  'The most points first; of equals, who joined first. Nobody else is named.',
);
export type LeaderboardPage = z.infer<typeof leaderboardSchema>;

/** After the points and the seat of the last one seen, and its place. */
export const standingPosition = z.tuple([z.int(), idSchema, z.int().min(1)]);

export const payoutSchema = z.object({
  user_id: idField('Who gets it.'),
  kind: z.enum(['coins', 'points']).meta({ examples: ['coins'] }),
  amount: z.string().meta({ description: 'Coins with six places, or points.', examples: ['50.000000'] }),
  place: z
    .int()
    .nullable()
    .meta({ examples: [1] }),
  state: z.enum(grantStates).meta({
    description: '`refused`: the balance would have been more than an account holds.',
    examples: ['granted'],
  }),
  paid_at: timeField('When.').nullable(),
});
export type PayoutAnswer = z.infer<typeof payoutSchema>;
export const payoutPageSchema = pageSchema(payoutSchema, 'In the order of the users’ ids.');
export type PayoutPage = z.infer<typeof payoutPageSchema>;

function isPeriod(from: string, to: string): boolean {
  const lengthMs = new Date(to).getTime() - new Date(from).getTime();
  return lengthMs > 0 && lengthMs <= MAX_DAYS * DAY_MS;
}

export function toNewActivity(body: CreateActivity): {
  title: string;
  rule: Rule;
  startsAt: Date;
  endsAt: Date;
} {
  const { title, rule, starts_at, ends_at } = body;
  return { title, rule, startsAt: new Date(starts_at), endsAt: new Date(ends_at) };
}

export function toActivityAnswer(activity: Activity): ActivityAnswer {
  return {
    id: activity.id,
    title: activity.title,
    rule: activity.rule,
    starts_at: activity.startsAt.toISOString(),
    ends_at: activity.endsAt.toISOString(),
    state: activity.state,
    created_at: activity.createdAt.toISOString(),
    ended_at: activity.endedAt?.toISOString() ?? null,
  };
}

export function toStandingAnswer({ participant, place, spent }: Standing): StandingAnswer {
  return {
    points: participant.points,
    place: place ?? null,
    coins_spent: spent === undefined ? null : formatCoins(spent),
    joined_at: participant.joinedAt.toISOString(),
  };
}

export function toPayoutAnswer(payout: Payout): PayoutAnswer {
  return {
    user_id: payout.userId,
    kind: payout.kind,
    amount: payout.kind === 'coins' ? formatCoins(payout.amount) : String(payout.amount),
    place: payout.place,
    state: payout.state,
    paid_at: payout.paidAt?.toISOString() ?? null,
  };
}

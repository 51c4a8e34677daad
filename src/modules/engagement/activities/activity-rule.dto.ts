import { z } from 'zod';
import { coinsInput } from '../coin-amount.dto.js';
import { pointsInput, validDaysInput } from '../points/point.dto.js';

/** How many places can be rewarded. */
const MAX_PLACES = 100;

const rewardSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('coins'), amount: coinsInput('Coins.', '5') }),
  z.strictObject({ kind: z.literal('points'), points: pointsInput, valid_days: validDaysInput }),
]);
export type Reward = z.infer<typeof rewardSchema>;

/** Who gets what at the end. It is kept as it was sent. */
export const ruleSchema = z
  .discriminatedUnion('kind', [
    z
      .strictObject({ kind: z.literal('everyone'), reward: rewardSchema })
      .meta({ description: 'Everyone who takes part.' }),
    z
      .strictObject({ kind: z.literal('points_earned'), at_least: pointsInput, reward: rewardSchema })
      .meta({ description: 'Everyone who earned so many points while taking part.' }),
    z
      .strictObject({
        kind: z.literal('top_by_points'),
        rewards: z
          .array(rewardSchema)
          .min(1)
          .max(MAX_PLACES)
          .meta({ description: 'For the first place, the second, and so on.' }),
      })
      .meta({
        description:
          'Those who earned the most points while taking part; of equals, who joined first. Who earned none has no place.',
      }),
    z
      .strictObject({
        kind: z.literal('coins_spent'),
        at_least: coinsInput('So many coins.', '20'),
        reward: rewardSchema,
      })
      .meta({ description: 'Everyone who was charged so many coins for use while taking part.' }),
  ])
  .meta({
    examples: [{ kind: 'top_by_points', rewards: [{ kind: 'coins', amount: '50' }] }],
  });
export type Rule = z.infer<typeof ruleSchema>;

import { z } from 'zod';
import { formatCoins } from '../../../shared/money.js';
import { grantStates } from '../coin-rewards.js';
import { coinsField, idField, pageSchema, timeField } from '../page.dto.js';
import { type InvitationCode, invitationCodeStates, type InvitationUse } from './invitation.repository.js';

export const invitationCodeSchema = z.object({
  id: idField('Its id.'),
  code: z.string().meta({ description: 'What to pass on.', examples: ['7K2M9QX4TB0C'] }),
  uses: z.int().meta({ description: 'How many new users used it.', examples: [2] }),
  max_uses: z.int().meta({ examples: [10] }),
  owner_reward: coinsField('What you get for each.'),
  invitee_reward: coinsField('What each of them gets.'),
  expires_at: timeField('Until when it is good.'),
  state: z.enum(invitationCodeStates).meta({
    description: '`expired` is said by a task some time after `expires_at`; it is over at that moment.',
    examples: ['active'],
  }),
  created_at: timeField('When it was made.'),
});
export type InvitationCodeAnswer = z.infer<typeof invitationCodeSchema>;
export const invitationCodePageSchema = pageSchema(invitationCodeSchema, 'The newest first.');
export type InvitationCodePage = z.infer<typeof invitationCodePageSchema>;

export const useInvitationCodeSchema = z
  .strictObject({
    code: z
      .string()
      .min(1)
      .max(64)
      .meta({ description: 'Case, blanks and hyphens do not count.', examples: ['7K2M-9QX4-TB0C'] }),
  })
  .meta({ examples: [{ code: '7K2M-9QX4-TB0C' }] });
export type UseInvitationCode = z.infer<typeof useInvitationCodeSchema>;

export const invitationUseSchema = z.object({
  reward: coinsField('What you got for it, in coins.'),
  state: z.enum(grantStates).meta({
    description:
      '`pending`: the coins come within minutes. `refused`: the balance of one side would have been too large.',
    examples: ['granted'],
  }),
  created_at: timeField('When it was used.'),
});
export type InvitationUseAnswer = z.infer<typeof invitationUseSchema>;

export function toInvitationCodeAnswer(code: InvitationCode): InvitationCodeAnswer {
  return {
    id: code.id,
    code: code.code,
    uses: code.uses,
    max_uses: code.maxUses,
    owner_reward: formatCoins(code.ownerReward),
    invitee_reward: formatCoins(code.inviteeReward),
    expires_at: code.expiresAt.toISOString(),
    state: code.state,
    created_at: code.createdAt.toISOString(),
  };
}

export function toInvitationUseAnswer(use: InvitationUse): InvitationUseAnswer {
  return {
    reward: formatCoins(use.inviteeReward),
    state: use.state,
    created_at: use.createdAt.toISOString(),
  };
}

import { defineConfig, read, variable } from '../../platform/config/index.js';

export const engagementConfig = defineConfig('engagement', {
  codeAttemptsPerHour: variable({
    env: 'LOCKKEEPER_CODE_ATTEMPTS_PER_HOUR',
    description: 'How many coupon and invitation codes that turn out wrong a user may try in an hour.',
    schema: read.integer(20, { min: 1, max: 100_000 }),
    example: '20',
  }),
  invitationCodesPerUser: variable({
    env: 'LOCKKEEPER_INVITATION_CODES_PER_USER',
    description: 'How many active invitation codes a user may have.',
    schema: read.integer(5, { min: 1, max: 100 }),
    example: '5',
  }),
  invitationCodeUses: variable({
    env: 'LOCKKEEPER_INVITATION_CODE_USES',
    description: 'How many new users one invitation code is good for.',
    schema: read.integer(10, { min: 1, max: 100_000 }),
    example: '10',
  }),
  invitationCodeDays: variable({
    env: 'LOCKKEEPER_INVITATION_CODE_DAYS',
    description: 'For how many days an invitation code is good.',
    schema: read.integer(30, { min: 1, max: 3_650 }),
    example: '30',
  }),
  invitationOwnerCoins: variable({
    env: 'LOCKKEEPER_INVITATION_OWNER_COINS',
    description: 'What a user gets for each new user who uses his invitation code, in coins.',
    schema: read.coins('0'),
    example: '0',
  }),
  invitationInviteeCoins: variable({
    env: 'LOCKKEEPER_INVITATION_INVITEE_COINS',
    description: 'What a new user gets for using an invitation code, in coins.',
    schema: read.coins('0'),
    example: '0',
  }),
  invitationAccountAgeHours: variable({
    env: 'LOCKKEEPER_INVITATION_ACCOUNT_AGE_HOURS',
    description: 'Until what age of the account, in hours, an invitation code can be used.',
    schema: read.integer(168, { min: 1, max: 87_600 }),
    example: '168',
  }),
  coinsPerPoint: variable({
    env: 'LOCKKEEPER_COINS_PER_POINT',
    description: 'How many coins one point is exchanged for. 0: points are not exchanged.',
    schema: read.coins('0.01'),
    example: '0.01',
  }),
  activitySettleSeconds: variable({
    env: 'LOCKKEEPER_ACTIVITY_SETTLE_SECONDS',
    description:
      'How long after its end an activity is left alone, so that what was earned or charged before is committed.',
    schema: read.integer(60, { min: 0, max: 86_400 }),
    example: '60',
  }),
});

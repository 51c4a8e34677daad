import { defineError } from '../../platform/errors/index.js';

export const tooManyCodeAttempts = defineError({
  code: 'too_many_code_attempts',
  kind: 'rate_limited',
  title: 'Too many codes were tried. Wait, then try again.',
});

/** The same whether there is no such code, or it is disabled, over or not yet good: nobody learns of codes by trying. */
export const couponNotRedeemable = defineError({
  code: 'coupon_not_redeemable',
  kind: 'not_found',
  title: 'No coupon of this code can be redeemed now.',
});

export const couponExhausted = defineError({
  code: 'coupon_exhausted',
  kind: 'conflict',
  title: 'The coupon has been redeemed as often as it may be.',
});

export const couponAlreadyRedeemed = defineError({
  code: 'coupon_already_redeemed',
  kind: 'conflict',
  title: 'You have redeemed this coupon as often as you may.',
});

export const couponCodeTaken = defineError({
  code: 'coupon_code_taken',
  kind: 'conflict',
  title: 'There is a coupon with this code already.',
});

export const couponNotFound = defineError({
  code: 'coupon_not_found',
  kind: 'not_found',
  title: 'There is no such coupon.',
});

export const invitationCodeNotUsable = defineError({
  code: 'invitation_code_not_usable',
  kind: 'not_found',
  title: 'No invitation code like this can be used now.',
});

export const invitationCodeNotFound = defineError({
  code: 'invitation_code_not_found',
  kind: 'not_found',
  title: 'You have no such active invitation code.',
});

export const tooManyInvitationCodes = defineError({
  code: 'too_many_invitation_codes',
  kind: 'conflict',
  title: 'You have as many active invitation codes as you may.',
});

export const ownInvitationCode = defineError({
  code: 'own_invitation_code',
  kind: 'conflict',
  title: 'This is an invitation code of your own.',
});

export const alreadyInvited = defineError({
  code: 'already_invited',
  kind: 'conflict',
  title: 'You have used another invitation code already.',
});

export const accountTooOld = defineError({
  code: 'account_too_old',
  kind: 'forbidden',
  title: 'Only new accounts can use an invitation code.',
});

export const insufficientPoints = defineError({
  code: 'insufficient_points',
  kind: 'payment_required',
  title: 'There are too few points for this.',
});

export const tooManyLots = defineError({
  code: 'too_many_lots',
  kind: 'invalid',
  title: 'These points come from too many lots. Exchange fewer at once.',
});

export const tooManyPoints = defineError({
  code: 'too_many_points',
  kind: 'invalid',
  title: 'A user cannot have that many points.',
});

export const exchangeClosed = defineError({
  code: 'exchange_closed',
  kind: 'forbidden',
  title: 'Points are not exchanged for coins here.',
});

export const activityNotFound = defineError({
  code: 'activity_not_found',
  kind: 'not_found',
  title: 'There is no such activity.',
});

export const activityOver = defineError({
  code: 'activity_over',
  kind: 'conflict',
  title: 'The activity has ended, or was cancelled.',
});

export const notParticipating = defineError({
  code: 'not_participating',
  kind: 'not_found',
  title: 'You do not take part in this activity.',
});

export const tooManyActivities = defineError({
  code: 'too_many_activities',
  kind: 'conflict',
  title: 'As many activities are open as can be. Wait until one has ended, or cancel one.',
});

import { defineError } from '../../platform/errors/index.js';

export const errandNotFound = defineError({
  code: 'errand_not_found',
  kind: 'not_found',
  title: 'There is no such task, or it is not yours to see.',
});

/** `details.state` says how it stands. */
export const errandInOtherState = defineError({
  code: 'errand_in_other_state',
  kind: 'conflict',
  title: 'As the task stands, this cannot be done with it.',
});

export const errandOverdue = defineError({
  code: 'errand_overdue',
  kind: 'conflict',
  title: 'The time for this has run out.',
});

export const errandIsOwn = defineError({
  code: 'errand_is_own',
  kind: 'forbidden',
  title: 'Nobody can accept a task of his own.',
});

/** `details.limit` says how many there may be. */
export const errandLimitReached = defineError({
  code: 'errand_limit_reached',
  kind: 'conflict',
  title: 'You have as many tasks under way as one user may have. Wait until one of them has ended.',
});

export const expertProfileMissing = defineError({
  code: 'expert_profile_missing',
  kind: 'forbidden',
  title: 'Only experts can accept tasks. Make a profile first: PUT /api/marketplace/experts/me.',
});

export const expertNotFound = defineError({
  code: 'expert_not_found',
  kind: 'not_found',
  title: 'There is no such expert.',
});

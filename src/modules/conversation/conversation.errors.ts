import { defineError } from '../../platform/errors/index.js';

/** Also the answer for a conversation of somebody else: whether it exists is not told. */
export const conversationNotFound = defineError({
  code: 'conversation_not_found',
  kind: 'not_found',
  title: 'There is no such conversation, or it is not yours.',
});

export const turnInProgress = defineError({
  code: 'turn_in_progress',
  kind: 'conflict',
  title: 'Another turn of this conversation is running.',
});

export const conversationNotParked = defineError({
  code: 'conversation_not_parked',
  kind: 'not_found',
  title: 'This conversation is not parked.',
});

export const turnNotFound = defineError({
  code: 'turn_not_found',
  kind: 'not_found',
  title: 'There is no such turn in this conversation.',
});

export const turnUnreachable = defineError({
  code: 'turn_unreachable',
  kind: 'unavailable',
  title: 'The turn cannot be read now.',
});

export const saveBacklogFull = defineError({
  code: 'save_backlog_full',
  kind: 'unavailable',
  title: 'Too many finished turns wait to be saved.',
});

/** Also the answer for a message of another conversation or of somebody else. */
export const messageNotFound = defineError({
  code: 'message_not_found',
  kind: 'not_found',
  title: 'There is no such message in this conversation.',
});

export const branchNotFound = defineError({
  code: 'branch_not_found',
  kind: 'not_found',
  title: 'The conversation has no such branch.',
});

export const tooManyBranches = defineError({
  code: 'too_many_branches',
  kind: 'conflict',
  title: 'The conversation has as many branches as it may.',
});

export const conversationChanged = defineError({
  code: 'conversation_changed',
  kind: 'conflict',
  title: 'The conversation was changed while it was read.',
});

export const tooManyExports = defineError({
  code: 'too_many_exports',
  kind: 'rate_limited',
  title: 'Too many exports run at once.',
});

export const conversationLimitReached = defineError({
  code: 'conversation_limit_reached',
  kind: 'conflict',
  title: 'You have as many conversations as one user may have. Delete some, or continue one of them.',
});

export const messageLimitReached = defineError({
  code: 'message_limit_reached',
  kind: 'conflict',
  title: 'The conversation has as many messages as one may have. Begin another.',
});

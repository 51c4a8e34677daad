import { defineError } from '../../platform/errors/index.js';

/** Also the answer for a conversation of somebody else: whether it exists is not told. */
export const conversationNotFound = defineError({
  code: 'conversation_not_found',
  kind: 'not_found',
  title: 'There is no such conversation, or it is not yours.',
});

export const saveBacklogFull = defineError({
  code: 'save_backlog_full',
  kind: 'unavailable',
  title: 'Too many finished turns wait to be saved.',
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

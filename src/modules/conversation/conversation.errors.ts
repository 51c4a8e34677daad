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

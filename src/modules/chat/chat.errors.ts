import { defineError } from '../../platform/errors/index.js';

export const contextLengthExceeded = defineError({
  code: 'context_length_exceeded',
  kind: 'malformed',
  title: 'The messages are longer than the model can read.',
});

export const userMessageMissing = defineError({
  code: 'user_message_missing',
  kind: 'malformed',
  title: 'The last message must be one to answer: of the user or of a tool.',
});

export const messageNotEditable = defineError({
  code: 'message_not_editable',
  kind: 'invalid',
  title: 'An answer cannot be edited, only the messages that ask for one.',
});

export const tooManyRunningTurns = defineError({
  code: 'too_many_running_turns',
  kind: 'unavailable',
  title: 'This process runs as many turns as it may.',
});

export const turnInterrupted = defineError({
  code: 'turn_interrupted',
  kind: 'unavailable',
  title: 'The turn was interrupted because the process stops; what was answered so far is kept.',
});

/** Why a turn was ended that its user stopped; nobody is answered with it. */
export const turnStopped = defineError({
  code: 'turn_stopped',
  kind: 'conflict',
  title: 'The turn was stopped by its user.',
});

export const idempotencyKeyReused = defineError({
  code: 'turn_key_reused',
  kind: 'invalid',
  title: 'This Idempotency-Key was used for another request.',
});

export const idempotencyKeySpent = defineError({
  code: 'turn_key_spent',
  kind: 'conflict',
  title: 'The turn of this Idempotency-Key never began; use a new key.',
});

export const turnTimedOut = defineError({
  code: 'turn_timed_out',
  kind: 'upstream_timeout',
  title: 'The turn took longer than a turn may.',
});

export const messageTooLarge = defineError({
  code: 'message_too_large',
  kind: 'too_large',
  title: 'A message is larger than one may be.',
});

export const messageTaken = defineError({
  code: 'message_taken',
  kind: 'conflict',
  title: 'A message of this id was taken already; read or follow the chat to see its answer.',
});

export const messageUnknown = defineError({
  code: 'message_unknown',
  kind: 'invalid',
  title: 'The request names a message that it does not bring.',
});

export const messagePartUnreadable = defineError({
  code: 'message_part_unreadable',
  kind: 'invalid',
  title: 'A part of the message cannot be given to a model.',
});

export const chatErasedTooOften = defineError({
  code: 'chat_erased_too_often',
  kind: 'conflict',
  title: 'The chat of this id was deleted and begun anew too often; use another id.',
});

/** Also the answer for a completion of somebody else: whether it exists is not told. */
export const completionNotFound = defineError({
  code: 'completion_not_found',
  kind: 'not_found',
  title: 'There is no such stored completion, or it is not yours.',
});

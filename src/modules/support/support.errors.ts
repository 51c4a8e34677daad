import { defineError } from '../../platform/errors/index.js';

export const supportChatNotFound = defineError({
  code: 'support_chat_not_found',
  kind: 'not_found',
  title: 'There is no such support chat, or you take no part in it.',
});

export const supportChatOpen = defineError({
  code: 'support_chat_open',
  kind: 'conflict',
  title: 'You have an open support chat already. End it before you open another.',
});

export const supportQueueFull = defineError({
  code: 'support_queue_full',
  kind: 'unavailable',
  title: 'Too many chats wait for an agent. Try again later.',
});

export const supportChatEnded = defineError({
  code: 'support_chat_ended',
  kind: 'conflict',
  title: 'The support chat has ended.',
});

export const supportChatNotEnded = defineError({
  code: 'support_chat_not_ended',
  kind: 'conflict',
  title: 'The support chat has not ended yet. It is rated after its end.',
});

export const supportChatNotActive = defineError({
  code: 'support_chat_not_active',
  kind: 'conflict',
  title: 'No agent has the support chat now.',
});

export const supportChatRated = defineError({
  code: 'support_chat_rated',
  kind: 'conflict',
  title: 'The support chat has been rated. A rating is given once.',
});

export const supportMessageIdReused = defineError({
  code: 'support_message_id_reused',
  kind: 'conflict',
  title: 'You have sent another text with this client message id in this chat.',
});

export const supportMessageLimitReached = defineError({
  code: 'support_message_limit_reached',
  kind: 'conflict',
  title: 'The support chat has as many messages as one may have. End it and open another.',
});

export const supportMessageRateExceeded = defineError({
  code: 'support_message_rate_exceeded',
  kind: 'rate_limited',
  title: 'You send messages too fast.',
});

export const supportAgentUnavailable = defineError({
  code: 'support_agent_unavailable',
  kind: 'conflict',
  title:
    'This agent cannot take the chat: not on duty, away, with no room for another, or the one who asks for help.',
});

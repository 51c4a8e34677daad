import { defineError } from '../../platform/errors/index.js';

export const logBacklogFull = defineError({
  code: 'log_backlog_full',
  kind: 'unavailable',
  title: 'More logs wait to be stored than there is room for. Nothing of this request was taken in.',
});

export const logQueueUnavailable = defineError({
  code: 'log_queue_unavailable',
  kind: 'unavailable',
  title: 'The queue for logs cannot be reached now. Send the same logs again.',
});

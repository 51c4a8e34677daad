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

export const logStorePending = defineError({
  code: 'log_store_pending',
  kind: 'unavailable',
  title: 'The logs were taken in and will be stored, but not within the time that a request waits for it.',
});

export const logEntryTooLarge = defineError({
  code: 'log_entry_too_large',
  kind: 'too_large',
  title: 'The logs of one request are more than one entry of the queue can hold.',
});

export const quarantinedLogNotFound = defineError({
  code: 'quarantined_log_not_found',
  kind: 'not_found',
  title: 'There is nothing in quarantine under this id, or it has been replayed or discarded.',
});

export const quarantinedLogRefused = defineError({
  code: 'quarantined_log_refused',
  kind: 'conflict',
  title: 'It still cannot be stored, and stays in quarantine.',
});

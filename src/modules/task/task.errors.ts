import { defineError } from '../../platform/errors/index.js';

export const taskNotFound = defineError({
  code: 'task_not_found',
  kind: 'not_found',
  title: 'There is no such task, or it is not yours to see.',
});

export const taskExpired = defineError({
  code: 'task_expired',
  kind: 'not_found',
  title: 'The task has ended, and the time for which it is kept is over.',
});

/** `details.state` says how it stands. */
export const taskInOtherState = defineError({
  code: 'task_in_other_state',
  kind: 'conflict',
  title: 'As the task stands, this cannot be done with it.',
});

export const taskIsDuplicate = defineError({
  code: 'task_is_duplicate',
  kind: 'conflict',
  title: 'Another task with the same deduplication key has not ended.',
});

/** `details.limit` says how many may wait. */
export const taskQuotaExceeded = defineError({
  code: 'task_quota_exceeded',
  kind: 'rate_limited',
  title: 'You have as many tasks waiting as one user may have.',
});

export const taskKindUnknown = defineError({
  code: 'task_kind_unknown',
  kind: 'invalid',
  title: 'There is no such kind of task, or it cannot be submitted like this.',
});

export const taskTimedOut = defineError({
  code: 'task_timed_out',
  kind: 'upstream_timeout',
  title: 'The task took longer than it may.',
});

export const taskFailed = defineError({
  code: 'task_failed',
  kind: 'upstream',
  title: 'The task failed.',
});

export const taskWorkerLost = defineError({
  code: 'task_worker_lost',
  kind: 'unavailable',
  title: 'The worker that ran the task has died.',
});

export const taskResultInvalid = defineError({
  code: 'task_result_invalid',
  kind: 'internal',
  title: 'The task gave a result that does not fit its kind.',
});

export const taskQueueNotFound = defineError({
  code: 'task_queue_not_found',
  kind: 'not_found',
  title: 'There is no such queue of tasks.',
});

export const taskFlowNotFound = defineError({
  code: 'task_flow_not_found',
  kind: 'not_found',
  title: 'There is no such flow, or it is not yours to see.',
});

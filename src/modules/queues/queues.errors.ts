import { defineError } from '../../platform/errors/index.js';

export const queueNotFound = defineError({
  code: 'queue_not_found',
  kind: 'not_found',
  title: 'There is no queue of this name.',
});

export const jobNotFound = defineError({
  code: 'job_not_found',
  kind: 'not_found',
  title: 'There is no such job in this queue, or not any more.',
});

export const jobInOtherState = defineError({
  code: 'job_in_other_state',
  kind: 'conflict',
  title: 'The job is in a state in which this cannot be done.',
});

export const queueNotDrainable = defineError({
  code: 'queue_not_drainable',
  kind: 'conflict',
  title: 'What waits in this queue stands nowhere else, so it is not thrown away.',
});

export const queuesUnavailable = defineError({
  code: 'queues_unavailable',
  kind: 'unavailable',
  title: 'Redis is away, and with it the queues.',
});

export const queueBoardReadOnly = defineError({
  code: 'queue_board_read_only',
  kind: 'method_not_allowed',
  title: 'This board only shows. What operators do to queues goes through /api/admin/queues, with a reason.',
});

import { defineError } from '../../platform/errors/index.js';

export const scheduleNotFound = defineError({
  code: 'schedule_not_found',
  kind: 'not_found',
  title: 'There is no such periodic task.',
});

export const cronInvalid = defineError({
  code: 'cron_invalid',
  kind: 'invalid',
  title: 'This is no cron expression that can be run.',
});

/** A worker writes its tasks down when it starts. */
export const scheduleNotReady = defineError({
  code: 'schedule_not_ready',
  kind: 'unavailable',
  title: 'No worker has begun to run this task yet.',
});

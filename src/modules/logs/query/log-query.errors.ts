import { defineError } from '../../../platform/errors/index.js';

export const queryTooSlow = defineError({
  code: 'query_too_slow',
  kind: 'unavailable',
  title: 'The query for logs took longer than it may. Ask for less.',
});

export const logWindowTooWide = defineError({
  code: 'log_window_too_wide',
  kind: 'invalid',
  title: 'A search without a device or trace needs a shorter time window.',
});

export const logQueriesBusy = defineError({
  code: 'log_queries_busy',
  kind: 'unavailable',
  title: 'Too many queries for logs run at once.',
});

export const tooManyLogTails = defineError({
  code: 'too_many_log_tails',
  kind: 'rate_limited',
  title: 'Too many clients follow the logs through this process.',
});

export const tooManyLogExports = defineError({
  code: 'too_many_log_exports',
  kind: 'rate_limited',
  title: 'Too many exports of logs run at once.',
});

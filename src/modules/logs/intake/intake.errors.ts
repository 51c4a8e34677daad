import { defineError } from '../../../platform/errors/index.js';

export const logLinesInvalid = defineError({
  code: 'log_lines_invalid',
  kind: 'invalid',
  title: 'Nothing was taken in: what was sent are not logs as this route takes them.',
});

export const tooManyLogLines = defineError({
  code: 'too_many_log_lines',
  kind: 'too_large',
  title: 'The request has more lines than one request may have. Nothing was taken in.',
});

export const logRateExceeded = defineError({
  code: 'log_rate_exceeded',
  kind: 'rate_limited',
  title: 'More log lines than this key may send in a second. Nothing was taken in.',
});

export const logReceiptNotFound = defineError({
  code: 'log_receipt_not_found',
  kind: 'not_found',
  title: 'There is no such receipt, or it is older than the logs that are kept.',
});

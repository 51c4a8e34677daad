import { type AppError, type ErrorKind, errorKinds } from '../errors/index.js';
import { commonHeaders, type ErrorShape } from './error-shape.js';

/** The `type` of an OpenAI error object for each of our kinds. */
const openAiTypes: Record<ErrorKind, string> = {
  malformed: 'invalid_request_error',
  invalid: 'invalid_request_error',
  unauthenticated: 'authentication_error',
  payment_required: 'insufficient_quota',
  forbidden: 'permission_error',
  not_found: 'invalid_request_error',
  method_not_allowed: 'invalid_request_error',
  conflict: 'invalid_request_error',
  too_large: 'invalid_request_error',
  unsupported_media: 'invalid_request_error',
  range_not_satisfiable: 'invalid_request_error',
  rate_limited: 'rate_limit_error',
  internal: 'server_error',
  upstream: 'server_error',
  upstream_timeout: 'server_error',
  unavailable: 'server_error',
};

/** The error object of the OpenAI API, as an answer's body or a frame in the middle of a stream. */
export function openAiErrorBody(error: AppError, requestId: string): { error: Record<string, unknown> } {
  return {
    error: {
      message: error.message,
      type: openAiTypes[error.kind],
      param: error.param ?? null,
      code: error.kind === 'payment_required' ? 'insufficient_quota' : error.code,
      error_id: requestId,
    },
  };
}

/** We have tried these again ourselves; an SDK that does so too would only make more failed turns. */
const hasBeenRetried: ReadonlySet<ErrorKind> = new Set(['upstream', 'upstream_timeout']);

// The OpenAI API answers a request that does not fit its schema with 400, and its SDKs name it so.
function statusOf(kind: ErrorKind): number {
  return errorKinds[kind === 'invalid' ? 'malformed' : kind].status;
}

export const openAiErrors: ErrorShape = {
  statusOf,
  answer: (error, request) => ({
    status: statusOf(error.kind),
    contentType: 'application/json; charset=utf-8',
    headers: {
      ...commonHeaders(error),
      'x-should-retry': String(errorKinds[error.kind].isRetryable && !hasBeenRetried.has(error.kind)),
    },
    body: openAiErrorBody(error, request.id),
  }),
};

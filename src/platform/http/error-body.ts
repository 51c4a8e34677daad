import { type AppError, type ErrorKind, errorKinds } from '../errors/index.js';

/** What is sent when a request fails. */
export interface ErrorAnswer {
  status: number;
  contentType: string;
  headers: Record<string, string>;
  body: unknown;
}

/** Paths whose clients are OpenAI SDKs and expect that API's error object. */
const OPENAI_PREFIX = '/v1/';

/** Whether the clients of a path are OpenAI SDKs. */
export function isOpenAiPath(url: string): boolean {
  return url.startsWith(OPENAI_PREFIX);
}

/** The HTTP status of a kind of failure on a path. */
export function statusOfKind(kind: ErrorKind, url: string): number {
  // The OpenAI API answers a request that does not fit its schema with 400, and its SDKs name it so.
  return errorKinds[kind === 'invalid' && isOpenAiPath(url) ? 'malformed' : kind].status;
}

/** The answer to a failed request, in the shape that the clients of its path understand. */
export function errorAnswer(error: AppError, url: string, requestId: string): ErrorAnswer {
  return isOpenAiPath(url) ? openAiError(error, url, requestId) : problemDocument(error, requestId);
}

function commonHeaders(error: AppError): Record<string, string> {
  return {
    ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) }),
    ...(error.kind === 'unauthenticated' ? { 'www-authenticate': 'Bearer' } : {}),
  };
}

/** A problem document of RFC 9457, with our stable `code` and the `error_id` to look for in the logs. */
function problemDocument(error: AppError, requestId: string): ErrorAnswer {
  const { status } = errorKinds[error.kind];
  return {
    status,
    contentType: 'application/problem+json',
    headers: commonHeaders(error),
    body: {
      type: `urn:lockkeeper:error:${error.code}`,
      title: error.title,
      status,
      ...(error.message === error.title ? {} : { detail: error.message }),
      code: error.code,
      error_id: requestId,
      ...(error.param === undefined ? {} : { param: error.param }),
      ...(error.details === undefined ? {} : { details: error.details }),
    },
  };
}

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

function openAiError(error: AppError, url: string, requestId: string): ErrorAnswer {
  const { isRetryable } = errorKinds[error.kind];
  return {
    status: statusOfKind(error.kind, url),
    contentType: 'application/json; charset=utf-8',
    headers: {
      ...commonHeaders(error),
      'x-should-retry': String(isRetryable && !hasBeenRetried.has(error.kind)),
    },
    body: openAiErrorBody(error, requestId),
  };
}

/**
 * The kinds of failure a caller can meet. Every error of ours has exactly one; what a kind means over HTTP
 * and whether the same call may be tried again is decided here and nowhere else.
 */
export type ErrorKind =
  | 'malformed'
  | 'invalid'
  | 'unauthenticated'
  | 'payment_required'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'too_large'
  | 'unsupported_media'
  | 'range_not_satisfiable'
  | 'rate_limited'
  | 'internal'
  | 'upstream'
  | 'upstream_timeout'
  | 'unavailable';

interface KindMeaning {
  /** The HTTP status of an answer of this kind. */
  status: number;
  /** True if the same call may succeed later without a change. */
  isRetryable: boolean;
}

export const errorKinds: Record<ErrorKind, KindMeaning> = {
  malformed: { status: 400, isRetryable: false },
  unauthenticated: { status: 401, isRetryable: false },
  payment_required: { status: 402, isRetryable: false },
  forbidden: { status: 403, isRetryable: false },
  not_found: { status: 404, isRetryable: false },
  method_not_allowed: { status: 405, isRetryable: false },
  conflict: { status: 409, isRetryable: false },
  too_large: { status: 413, isRetryable: false },
  unsupported_media: { status: 415, isRetryable: false },
  range_not_satisfiable: { status: 416, isRetryable: false },
  invalid: { status: 422, isRetryable: false },
  rate_limited: { status: 429, isRetryable: true },
  internal: { status: 500, isRetryable: false },
  upstream: { status: 502, isRetryable: true },
  unavailable: { status: 503, isRetryable: true },
  upstream_timeout: { status: 504, isRetryable: true },
};

import type { AppError, ErrorKind } from '../errors/index.js';

/** What is sent when a request fails. */
export interface ErrorAnswer {
  status: number;
  contentType: string;
  headers: Record<string, string>;
  body: unknown;
}

/** The shapes that errors are answered in, each what the clients of some routes understand. */
export const errorShapeNames = ['problem', 'openai', 'otlp', 'plain_text'] as const;
export type ErrorShapeName = (typeof errorShapeNames)[number];

/** What is known of the request that failed. */
export interface FailedRequest {
  readonly id: string;
  readonly contentType: string | undefined;
}

/** A way to answer with an error. */
export interface ErrorShape {
  /** The HTTP status of a kind of failure. */
  statusOf(kind: ErrorKind): number;
  answer(error: AppError, request: FailedRequest): ErrorAnswer;
}

/** The headers that errors of every shape have. */
export function commonHeaders(error: AppError): Record<string, string> {
  return {
    ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) }),
    ...(error.kind === 'unauthenticated' ? { 'www-authenticate': 'Bearer' } : {}),
  };
}

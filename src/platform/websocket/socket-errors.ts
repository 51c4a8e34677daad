import { Logger } from '@nestjs/common';
import { isDatabaseAway } from '../database/index.js';
import { AppError, defineError, internalError, serviceUnavailable } from '../errors/index.js';
import { RedisAwayError } from '../redis/redis-away.js';

export const tooManyConnections = defineError({
  code: 'too_many_connections',
  kind: 'rate_limited',
  title: 'There are as many connections as are allowed. Close one, or try again later.',
});

/** An error as it goes over a socket: the `code` is the one that HTTP answers with. */
export interface SocketErrorBody {
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
  readonly param?: string;
  readonly details?: Record<string, unknown>;
  readonly retry_after_seconds?: number;
}

export function socketErrorBody(error: AppError): SocketErrorBody {
  const { code, title, message, param, details, retryAfterSeconds } = error;
  return {
    code,
    title,
    ...(message === title ? {} : { detail: message }),
    ...(param === undefined ? {} : { param }),
    ...(details === undefined ? {} : { details }),
    ...(retryAfterSeconds === undefined ? {} : { retry_after_seconds: retryAfterSeconds }),
  };
}

const logger = new Logger('Sockets');

/** Whatever was thrown, in our words. What is not ours is logged whole and shown as an internal error. */
export function toSocketError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (isDatabaseAway(thrown) || thrown instanceof RedisAwayError)
    return serviceUnavailable({ cause: thrown, retryAfterSeconds: 1 });
  logger.error('an event of a socket failed', thrown, {});
  return internalError({ cause: thrown });
}

import { ReplyError } from 'ioredis';
import { NoAnswerError } from './patience.js';

/** Redis cannot be used now. Whatever was asked of it may have been done all the same, or may still be done. */
export class RedisAwayError extends Error {
  override readonly name = 'RedisAwayError';

  constructor(cause: unknown) {
    super(`Redis is away: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/**
 * Replies of a server that is there but cannot be worked with. Redis 6 wraps those that a script runs into, and then
 * writes them as `-OOM`.
 */
const AWAY_REPLY =
  /(?:^|[\s:]-)(?:OOM|LOADING|READONLY|MISCONF|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|BUSY|NOAUTH|WRONGPASS) |max number of clients reached/;

/** What ioredis and those who check its state say of a connection without which nothing can be asked. */
const AWAY_MESSAGE =
  /Stream isn't writeable|Connection is closed|Command timed out|Command aborted|[Cc]onnection is not ready|Ready check failed|Reached the max retries/;

const AWAY_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
]);

/** Whether an error says that Redis cannot be used, as opposed to: that the question was wrong. */
export function isRedisAway(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if (error instanceof RedisAwayError || error instanceof NoAnswerError) return true;
  if (error instanceof ReplyError) {
    // A transaction is refused for the sake of the commands in it.
    const { previousErrors = [] } = error as { previousErrors?: Error[] };
    return [error, ...previousErrors].some(({ message }) => AWAY_REPLY.test(message));
  }
  return AWAY_CODES.has((error as { code?: unknown }).code) || AWAY_MESSAGE.test(error.message);
}

/**
 * Whether a connection may lead to the wrong server: one that is gone without a word, or has become a replica. Then
 * another one, made now, may find the right one.
 */
export function mayBeMisled(error: unknown): boolean {
  return error instanceof Error && /^(Command timed out$|READONLY )/.test(error.message);
}

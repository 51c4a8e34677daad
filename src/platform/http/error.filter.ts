import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isDatabaseAway } from '../database/index.js';
import {
  AppError,
  bodyTooLarge,
  internalError,
  malformedRequest,
  methodNotAllowed,
  rateLimited,
  routeNotFound,
  serviceUnavailable,
  unsupportedMediaType,
} from '../errors/index.js';
import { RedisAwayError } from '../redis/redis-away.js';
import { errorAnswer } from './error-body.js';

/** Turns whatever was thrown into an answer. What is not ours is logged whole and shown as its id alone. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    answerWithError(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }
}

const logger = new Logger('Http');

/** Answers a request with whatever was thrown, where Nest does not do so itself. */
export function answerWithError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = toAppError(thrown);
  if (error.kind === 'internal' || error.kind === 'unavailable') {
    logger.error(`${request.method} ${request.url.split('?')[0]} failed`, thrown, {});
  }
  if (reply.sent || reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  const answer = errorAnswer(error, request);
  void reply
    .status(answer.status)
    .headers(answer.headers)
    .header('content-type', answer.contentType)
    .send(answer.body);
}

/** The errors that Fastify and Nest throw themselves, in our words. */
function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (isDatabaseAway(thrown) || thrown instanceof RedisAwayError)
    return serviceUnavailable({ cause: thrown, retryAfterSeconds: 1 });
  const status = statusOf(thrown);
  const cause = thrown;
  switch (status) {
    case 400:
      return malformedRequest({ detail: messageOf(thrown), cause });
    // Of the files that are served: a path that leads out of their folder.
    case 403:
    case 404:
      return routeNotFound({ cause });
    case 405:
      return methodNotAllowed({ cause });
    case 413:
      return bodyTooLarge({ detail: messageOf(thrown), cause });
    case 415:
      return unsupportedMediaType({ detail: 'Send application/json.', cause });
    case 429:
      return rateLimited({ cause });
    case 503:
      return serviceUnavailable({ cause, retryAfterSeconds: 1 });
    default:
      return status >= 400 && status < 500 ? malformedRequest({ cause }) : internalError({ cause });
  }
}

function statusOf(thrown: unknown): number {
  if (thrown instanceof HttpException) return thrown.getStatus();
  const status = (thrown as { statusCode?: unknown } | null | undefined)?.statusCode;
  return typeof status === 'number' ? status : 500;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : 'The request could not be read.';
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { IdSeries } from '../../shared/id-series.js';
import { currentLogFields, withLogFields } from '../logging/index.js';
import { routeOptionsOf } from './route-options.js';

const MAX_CLOSE_LISTENERS = 20;

const requestIds = new IdSeries();

const ACCEPTED_REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

/** The caller's own `X-Request-Id` if it is sane, else a new one. */
export function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && ACCEPTED_REQUEST_ID.test(header)
    ? header
    : requestIds.next(Date.now());
}

/**
 * Puts the request's id on the answer and on every log line written while it is served; and on the answer what holds for
 * all: that it is of the type it says, and, unless its route says otherwise, is for this caller alone and not to be kept.
 */
export function installRequestContext(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    // Each that waits for the end of an answer is one: limits, metrics, streams. Node warns from the eleventh on.
    reply.raw.setMaxListeners(MAX_CLOSE_LISTENERS);
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    reply.header('cache-control', 'no-store');
    withLogFields({ request_id: request.id }, done);
  });
  // Reading the body can leave the asynchronous context of the first hook.
  fastify.addHook('preValidation', (request, _reply, done) => {
    if (currentLogFields().request_id === request.id) done();
    else withLogFields({ request_id: request.id }, done);
  });
}

/** Paths that monitors read every few seconds. */
const QUIET_PATHS = /^\/(health|metrics)(\/|$|\?)/;

/** A request that took so long is worth a line in any case. */
const SLOW_MS = 1_000;
const FIRST_ERROR_STATUS = 400;

/** One line for each answered request; of routes that are called all the time only what failed or was slow. */
export function installAccessLog(
  fastify: FastifyInstance,
  write: (fields: Record<string, unknown>) => void,
  slowMs = SLOW_MS,
): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    if (isWorthALine(request, reply, slowMs))
      write(accessLogFields(request, reply.statusCode, reply.elapsedTime));
    done();
  });
}

function isWorthALine(
  request: FastifyRequest,
  { statusCode, elapsedTime }: FastifyReply,
  slowMs: number,
): boolean {
  if (QUIET_PATHS.test(request.url)) return false;
  return !routeOptionsOf(request).isFrequent || statusCode >= FIRST_ERROR_STATUS || elapsedTime >= slowMs;
}

function accessLogFields(
  request: FastifyRequest,
  status: number,
  elapsedMs: number,
): Record<string, unknown> {
  const { principal } = request as { principal?: { userId: string } };
  return {
    request_id: request.id,
    method: request.method,
    path: request.url.split('?')[0],
    status,
    duration_ms: Math.round(elapsedMs * 10) / 10,
    remote_address: request.ip,
    user_id: principal?.userId,
  };
}

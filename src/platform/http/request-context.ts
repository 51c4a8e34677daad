import type { FastifyInstance, FastifyRequest } from 'fastify';
import { newId } from '../../shared/ids.js';
import { withLogFields } from '../logging/index.js';

const ACCEPTED_REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

/** The caller's own `X-Request-Id` if it is sane, else a new one. */
export function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && ACCEPTED_REQUEST_ID.test(header) ? header : newId();
}

/** Puts the request's id on the answer and on every log line written while it is served. */
export function installRequestContext(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    withLogFields({ request_id: request.id }, done);
  });
  // Reading the body leaves the asynchronous context of the first hook.
  fastify.addHook('preValidation', (request, _reply, done) => {
    withLogFields({ request_id: request.id }, done);
  });
}

/** Paths that monitors read every few seconds. */
const QUIET_PATHS = /^\/(health|metrics)(\/|$|\?)/;

/** One line for each answered request. */
export function installAccessLog(
  fastify: FastifyInstance,
  write: (fields: Record<string, unknown>) => void,
): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    if (!QUIET_PATHS.test(request.url)) write(accessLogFields(request, reply.statusCode, reply.elapsedTime));
    done();
  });
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

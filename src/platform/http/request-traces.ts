import type { FastifyInstance, FastifyRequest } from 'fastify';
import { withLogFields } from '../logging/index.js';
import { openSpan } from '../tracing/index.js';

const FIRST_SERVER_ERROR = 500;
const spans = new WeakMap<FastifyRequest, NonNullable<ReturnType<typeof openSpan>>>();

/**
 * One span for each request, named after its route, within the client's trace if it sent a `traceparent`; and the
 * trace's id on the log lines of the request. To be installed only if traces are on.
 */
export function installRequestTraces(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unmatched';
    const { traceparent } = request.headers;
    const span = openSpan({
      name: `${request.method} ${route}`,
      kind: 'server',
      parent: typeof traceparent === 'string' ? traceparent : undefined,
      attributes: {
        'http.request.method': request.method,
        'http.route': route,
        'lockkeeper.request_id': request.id,
      },
    });
    if (!span) return done();
    spans.set(request, span);
    reply.raw.once('close', () => {
      const { statusCode, headersSent } = reply.raw;
      if (headersSent) span.setAttribute('http.response.status_code', statusCode);
      if (!headersSent) span.end('the client had gone');
      else span.end(statusCode >= FIRST_SERVER_ERROR ? `status ${statusCode}` : undefined);
    });
    span.enter(() => withLogFields({ trace_id: span.traceId }, done));
  });
  // Reading the body can leave the asynchronous context of the first hook.
  fastify.addHook('preValidation', (request, _reply, done) => {
    const span = spans.get(request);
    if (span) span.enter(() => withLogFields({ trace_id: span.traceId }, done));
    else done();
  });
}

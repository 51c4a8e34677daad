import { fastify, type FastifyRequest } from 'fastify';
import { afterEach, expect, it } from 'vitest';
import { installAccessLog } from './request-context.js';
import type { RouteOptions } from './route-options.js';

const server = { current: fastify() };
afterEach(() => server.current.close());

/** The paths and statuses of the lines that four requests leave. */
async function linesOf(slowMs: number): Promise<unknown[]> {
  const app = (server.current = fastify());
  const lines: unknown[] = [];
  installAccessLog(app, ({ path, status }) => lines.push([path, status]), slowMs);
  const answer = (request: FastifyRequest) => {
    if (request.url.endsWith('?fail')) throw new Error('wanted');
    return 'ok';
  };
  const frequent: RouteOptions = { isFrequent: true };
  app.get('/ordinary', answer);
  app.get('/frequent', { config: frequent }, answer);
  app.get('/health', answer);
  for (const url of ['/ordinary', '/frequent', '/frequent?fail', '/health']) await app.inject({ url });
  return lines;
}

it('the access log has of a frequent route only what failed', async () => {
  expect(await linesOf(60_000)).toEqual([
    ['/ordinary', 200],
    ['/frequent', 500],
  ]);
});

it('the access log has of a frequent route what was slow', async () => {
  expect(await linesOf(0)).toEqual([
    ['/ordinary', 200],
    ['/frequent', 200],
    ['/frequent', 500],
  ]);
});

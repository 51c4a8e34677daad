import { EventEmitter } from 'node:events';
import type { FastifyInstance } from 'fastify';
import { importBuilt } from '../lib/built-services.ts';
import { median } from '../lib/samples.ts';

const REQUESTS = 50_000;
const NANOSECONDS_PER_US = 1_000;

/** What Fastify calls before the handler of a route. */
type Hook = (request: unknown, reply: unknown, done: () => void) => void;
type RouteHook = (route: { method: string; url: string; onRequest?: Hook[] }) => void;

/**
 * What counting and timing adds to a request, in nanoseconds of processor time: the hook of a route and what it does at
 * the end of the answer, without the rest of Fastify, whose own cost varies by more than that.
 */
export async function measureRequestCost(rounds: number): Promise<number> {
  const { HttpMetrics } = await importBuilt<typeof import('../../src/platform/http/http-metrics.ts')>(
    'platform/http/http-metrics.js',
  );
  const counting = routeHookOf((fastify) => new HttpMetrics().install(fastify));
  const nothing: Hook = (_request, _reply, done) => done();
  const differences: number[] = [];
  for (let round = 0; round < rounds + 1; round++) {
    const without = timeHook(nothing);
    const withMetrics = timeHook(counting);
    // The first is for warming up.
    if (round > 0) differences.push(withMetrics - without);
  }
  return median(differences);
}

/** The hook that is added to a route. */
function routeHookOf(install: (fastify: FastifyInstance) => void): Hook {
  let onRoute: RouteHook | undefined;
  const addHook = (name: string, hook: unknown) => {
    if (name === 'onRoute') onRoute = hook as RouteHook;
  };
  install({ addHook } as unknown as FastifyInstance);
  const route: Parameters<RouteHook>[0] = { method: 'GET', url: '/api/conversations/:id' };
  onRoute?.(route);
  const [hook] = route.onRequest ?? [];
  if (!hook) throw new Error('No hook was added to the route.');
  return hook;
}

function timeHook(hook: Hook): number {
  const request = { method: 'GET' };
  const before = process.cpuUsage();
  for (let number = 0; number < REQUESTS; number++) {
    const raw = Object.assign(new EventEmitter(), { headersSent: true, statusCode: 200 });
    hook(request, { raw }, () => undefined);
    raw.emit('close');
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * NANOSECONDS_PER_US) / REQUESTS;
}

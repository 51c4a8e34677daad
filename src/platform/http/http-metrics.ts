import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Metric, Registry } from 'prom-client';
import type { MetricFamily, MetricSample } from '../metrics/metric-family.js';

/** In seconds. Answers that are streamed take as long as their text. */
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** What is asked for where there is no route: one name for all, since anybody can make up paths. */
const UNMATCHED = 'unmatched';
/** The client had gone before anything was answered; the status is nginx's for that. */
const GONE_STATUS = 499;

/** What one route has answered. Plain numbers: prom-client would spend more on its labels than on counting. */
class RouteCounts {
  readonly counts = new Map<number, number>();
  readonly buckets = new Float64Array(BUCKETS_SECONDS.length + 1);
  sumSeconds = 0;
  total = 0;

  constructor(
    readonly method: string,
    readonly route: string,
  ) {}

  answered(status: number, seconds: number): void {
    this.counts.set(status, (this.counts.get(status) ?? 0) + 1);
    let bucket = 0;
    while (bucket < BUCKETS_SECONDS.length && seconds > BUCKETS_SECONDS[bucket]!) bucket++;
    this.buckets[bucket]!++;
    this.sumSeconds += seconds;
    this.total++;
  }
}

/** Counts and times the requests of this process by route: by its pattern, never by what was put into it. */
export class HttpMetrics {
  private readonly routes: RouteCounts[] = [];
  private readonly unmatched = new Map<string, RouteCounts>();

  /** Watches all routes that are declared from now on, and what fits none. */
  install(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', (route) => {
      const methods = Array.isArray(route.method) ? route.method : [route.method];
      const countsOf = new Map(methods.map((method) => [method, this.addRoute(method, route.url)]));
      const first = countsOf.values().next().value;
      const others = route.onRequest === undefined ? [] : [route.onRequest].flat();
      const count: (typeof others)[number] = (request, reply, done) => {
        // Most routes have one method, which need not be looked up.
        const counts = countsOf.size === 1 ? first : countsOf.get(request.method);
        if (counts) watch(reply, counts);
        done();
      };
      route.onRequest = [count, ...others];
    });
    fastify.addHook('onRequest', (request, reply, done) => {
      if (request.is404) watch(reply, this.unmatchedOf(request.method));
      done();
    });
  }

  /** Shows what is counted. */
  expose(registry: Registry): void {
    registry.registerMetric(
      metricOf(
        'lockkeeper_http_requests_total',
        'Requests that this process has answered, by route and status; 499 if the client had gone.',
        'counter',
        () => this.used().flatMap(countSamples),
      ),
    );
    registry.registerMetric(
      metricOf(
        'lockkeeper_http_request_duration_seconds',
        'How long requests took from their head to the end of the answer.',
        'histogram',
        () => this.used().flatMap(durationSamples),
      ),
    );
  }

  private addRoute(method: string, route: string): RouteCounts {
    const counts = new RouteCounts(method, route);
    this.routes.push(counts);
    return counts;
  }

  /** Node's parser knows a few dozen methods and refuses any other, so these are not many. */
  private unmatchedOf(method: string): RouteCounts {
    let counts = this.unmatched.get(method);
    if (!counts) this.unmatched.set(method, (counts = this.addRoute(method, UNMATCHED)));
    return counts;
  }

  private used(): RouteCounts[] {
    return this.routes.filter(({ total }) => total > 0);
  }
}

/** Counts when the connection is done with the answer; Fastify's hook for that is not run for a client that has gone. */
function watch(reply: FastifyReply, counts: RouteCounts): void {
  const startedMs = performance.now();
  const { raw } = reply;
  raw.once('close', () => {
    const status = raw.headersSent ? raw.statusCode : GONE_STATUS;
    counts.answered(status, (performance.now() - startedMs) / 1_000);
  });
}

function countSamples({ method, route, counts }: RouteCounts): MetricSample[] {
  return [...counts].map(([status, value]) => ({ labels: { method, route, status }, value }));
}

function durationSamples({ method, route, buckets, sumSeconds, total }: RouteCounts): MetricSample[] {
  const name = 'lockkeeper_http_request_duration_seconds';
  let soFar = 0;
  const cumulative = BUCKETS_SECONDS.map((le, index) => {
    soFar += buckets[index] ?? 0;
    return { labels: { le, method, route }, value: soFar, metricName: `${name}_bucket` };
  });
  const labels = { method, route };
  return [
    ...cumulative,
    { labels: { le: '+Inf', ...labels }, value: total, metricName: `${name}_bucket` },
    { labels, value: sumSeconds, metricName: `${name}_sum` },
    { labels, value: total, metricName: `${name}_count` },
  ];
}

/** A metric whose values are kept elsewhere: of a registered metric, a registry uses its name and `get` alone. */
function metricOf(name: string, help: string, type: string, read: () => MetricSample[]): Metric {
  const family = (): MetricFamily => ({ name, help, type, values: read() });
  return { name, help, type, get: async () => family() } as unknown as Metric;
}

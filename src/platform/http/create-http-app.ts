import type { IncomingMessage } from 'node:http';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { fastifyCookie } from '@fastify/cookie';
import { fastifyMultipart } from '@fastify/multipart';
import type { Logger as PinoLogger } from 'pino';
import type { Registry } from 'prom-client';
import type { ConfigOf } from '../config/index.js';
import { NestPinoLogger } from '../logging/index.js';
import { PROCESS_REGISTRY } from '../metrics/metric-providers.js';
import { metricsConfig } from '../metrics/metrics.config.js';
import { tracingConfig } from '../tracing/index.js';
import { CallerAdmission, RouteAccess } from './admission.js';
import { installApiDocs } from './api-docs/install-api-docs.js';
import { installConsole } from './console-files.js';
import { Drain } from './drain.js';
import { ErrorFilter } from './error.filter.js';
import { exemptForms } from './form-body.js';
import type { httpConfig } from './http.config.js';
import { HttpMetrics } from './http-metrics.js';
import { installNestingLimit } from './nesting-limit.js';
import { installPageHeaders } from './page-headers.js';
import { installBodyParsers } from './request-body.js';
import { installAccessLog, installRequestContext, requestIdOf } from './request-context.js';
import { installRequestTraces } from './request-traces.js';
import { validationPipe } from './validation.js';

const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

/** Node looks this often for clients whose time is up, or more often for a shorter time. */
const MAX_TIMEOUT_CHECK_INTERVAL_MS = 2_000;
const MAX_HEAD_BYTES = 16 * 1024;
const MAX_HEADERS = 100;

/** Of one parameter in a path: names that clients give may be this long. */
const MAX_PARAMETER_LENGTH = 128;

/** An API that is ready to listen, and the way to let it finish its requests. */
export interface HttpApp {
  app: NestFastifyApplication;
  drain: Drain;
}

/** Routes are declared only when the application starts. */
function countRequests(app: NestFastifyApplication): void {
  const metrics = new HttpMetrics();
  metrics.install(app.getHttpAdapter().getInstance());
  metrics.expose(app.get<Registry>(PROCESS_REGISTRY));
}

/** Builds the API on Fastify from its root module. It does not listen yet. */
export async function createHttpApp(
  rootModule: DynamicModule | Type,
  config: ConfigOf<typeof httpConfig>,
  pinoLogger: PinoLogger,
): Promise<HttpApp> {
  const adapter = new FastifyAdapter({
    bodyLimit: config.bodyLimitBytes,
    // Only an address in a private network is believed about whom it speaks for.
    trustProxy: config.isBehindProxy ? ['loopback', 'linklocal', 'uniquelocal'] : false,
    genReqId: (request: IncomingMessage) => requestIdOf(request.headers['x-request-id']),
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Longer than a proxy keeps its idle connections, so that it is never the side that is surprised.
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    http: {
      headersTimeout: config.headTimeoutMs,
      connectionsCheckingInterval: Math.min(config.headTimeoutMs, MAX_TIMEOUT_CHECK_INTERVAL_MS),
      maxHeaderSize: MAX_HEAD_BYTES,
    },
  });
  const fastify = adapter.getInstance();
  fastify.server.maxConnections = config.maxConnections;
  fastify.server.maxHeadersCount = MAX_HEADERS;
  installRequestContext(fastify);
  installBodyParsers(fastify, config.bulkBodyLimitBytes);
  exemptForms(fastify.server);
  installNestingLimit(fastify);
  // Its fields are ours and hold no secrets; looking for some would be most of what a line costs.
  const accessLogger = pinoLogger.child({}, { redact: [] });
  installAccessLog(fastify, (fields) => accessLogger.info(fields, 'request'));
  const app = await NestFactory.create<NestFastifyApplication>(rootModule, adapter, {
    logger: new NestPinoLogger(pinoLogger),
    forceCloseConnections: true,
    abortOnError: false,
    bodyParser: false,
  });
  if (app.get<ConfigOf<typeof metricsConfig>>(metricsConfig.token).isOn) countRequests(app);
  const drain = app.get(Drain);
  drain.install(fastify);
  if (app.get<ConfigOf<typeof tracingConfig>>(tracingConfig.token).url !== undefined)
    installRequestTraces(fastify);
  const access = app.get(RouteAccess);
  access.admitBy(app.get(CallerAdmission));
  access.install(fastify);
  await installPageHeaders(fastify);
  // Cookies are read where one is asked for, not on every request.
  await app.register(fastifyCookie, { hook: false });
  await app.register(fastifyMultipart);
  installApiDocs(app, access);
  installConsole(fastify, access);
  app.useGlobalFilters(new ErrorFilter());
  app.useGlobalPipes(validationPipe());
  return { app, drain };
}

import type { IncomingMessage } from 'node:http';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { fastifyCookie } from '@fastify/cookie';
import type { Logger as PinoLogger } from 'pino';
import type { Registry } from 'prom-client';
import type { ConfigOf } from '../config/index.js';
import { NestPinoLogger } from '../logging/index.js';
import { PROCESS_REGISTRY } from '../metrics/metric-providers.js';
import { CallerAdmission, RouteAccess } from './admission.js';
import { installApiDocs } from './api-docs/install-api-docs.js';
import { installConsole } from './console-files.js';
import { Drain } from './drain.js';
import { ErrorFilter } from './error.filter.js';
import type { httpConfig } from './http.config.js';
import { HttpMetrics } from './http-metrics.js';
import { installNestingLimit } from './nesting-limit.js';
import { installPageHeaders } from './page-headers.js';
import { installBodyParsers } from './request-body.js';
import { installAccessLog, installRequestContext, requestIdOf } from './request-context.js';
import { validationPipe } from './validation.js';

const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

/** Whoever takes longer for a request's head wants to keep the connection busy. */
const HEAD_TIMEOUT_MS = 10_000;
const TIMEOUT_CHECK_INTERVAL_MS = 2_000;
const MAX_HEAD_BYTES = 16 * 1024;
const MAX_HEADERS = 100;

/** Of one parameter in a path: names that clients give may be this long. */
const MAX_PARAMETER_LENGTH = 128;

/** An API that is ready to listen, and the way to let it finish its requests. */
export interface HttpApp {
  app: NestFastifyApplication;
  drain: Drain;
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
      headersTimeout: HEAD_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
      maxHeaderSize: MAX_HEAD_BYTES,
    },
  });
  const fastify = adapter.getInstance();
  const metrics = new HttpMetrics();
  metrics.install(fastify);
  fastify.server.maxConnections = config.maxConnections;
  fastify.server.maxHeadersCount = MAX_HEADERS;
  installRequestContext(fastify);
  installBodyParsers(fastify, config.bulkBodyLimitBytes);
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
  metrics.expose(app.get<Registry>(PROCESS_REGISTRY));
  const drain = app.get(Drain);
  drain.install(fastify);
  const access = app.get(RouteAccess);
  access.admitBy(app.get(CallerAdmission));
  access.install(fastify);
  await installPageHeaders(fastify);
  // Cookies are read where one is asked for, not on every request.
  await app.register(fastifyCookie, { hook: false });
  installApiDocs(app, access);
  installConsole(fastify, access);
  app.useGlobalFilters(new ErrorFilter());
  app.useGlobalPipes(validationPipe());
  return { app, drain };
}

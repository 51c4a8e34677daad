import { createHash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { appEnvironmentConfig, type ConfigOf } from '../config/index.js';
import type { AccessAlternative } from '../http/index.js';
import { metricsConfig } from './metrics.config.js';

const BEARER = /^Bearer +(\S+)$/i;
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
/** What a proxy adds: then the request only seems to come from this machine. */
const FORWARDED_HEADERS = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'];

/**
 * Who may read `/metrics` besides callers with the scope for it, so that it can be read while MySQL, which knows the
 * callers, is away: who has the token of its own; or, if there is none, anybody on this machine outside of production.
 */
@Injectable()
export class MetricsAccess implements AccessAlternative {
  constructor(
    @Inject(metricsConfig.token) private readonly config: ConfigOf<typeof metricsConfig>,
    @Inject(appEnvironmentConfig.token) private readonly application: ConfigOf<typeof appEnvironmentConfig>,
  ) {}

  isAllowed({ headers, socket }: FastifyRequest): boolean {
    const { authorization } = headers;
    const { token } = this.config;
    if (token !== undefined) {
      const given = BEARER.exec(authorization ?? '')?.[1];
      return given !== undefined && isSame(given, token);
    }
    return (
      this.application.nodeEnv !== 'production' &&
      authorization === undefined &&
      LOOPBACK.test(socket.remoteAddress ?? '') &&
      FORWARDED_HEADERS.every((name) => headers[name] === undefined)
    );
  }
}

/** In a time that does not tell how much of the token was right. */
function isSame(given: string, token: string): boolean {
  return timingSafeEqual(digestOf(given), digestOf(token));
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

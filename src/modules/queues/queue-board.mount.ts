import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { answerWithError, RouteAccess } from '../../platform/http/index.js';
import { QueueBoard } from '../../platform/queue/index.js';
import { RedisAwayError } from '../../platform/redis/index.js';
import { queueBoardReadOnly, queuesUnavailable } from './queues.errors.js';

const BASE_PATH = '/admin/queues';
/** What asks Redis; the page and its assets do not. */
const API_PATH = `${BASE_PATH}/api/`;
const SAFE_METHODS = new Set(['GET', 'HEAD']);

/** The page brings its data as text, and no script of its own. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page would fetch its fonts from elsewhere; it looks well with those that the browser has. */
const FOREIGN_FONTS = /<link href="https:[^>]*>/g;

/** Puts bull-board at `/admin/queues`, for operators: page, assets and calls alike. */
@Injectable()
export class QueueBoardMount implements OnModuleInit {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly board: QueueBoard,
    private readonly access: RouteAccess,
  ) {}

  onModuleInit(): void {
    this.access.declarePaths(BASE_PATH, { kind: 'scope', scope: 'operations', hasForeignPages: true });
    const plugin = this.board.pluginAt(BASE_PATH);
    void this.adapterHost.httpAdapter.getInstance<FastifyInstance>().register(
      (scope, _options, done) => {
        scope.addHook('onRequest', (_request, reply, next) => {
          reply.headers({
            'content-security-policy': CONTENT_SECURITY_POLICY,
            'cache-control': 'private, no-cache',
          });
          next();
        });
        // Who calls is known by then, and no body has been read.
        scope.addHook('preParsing', (request) => this.check(request));
        scope.addHook('onSend', (_request, _reply, payload, next) => {
          next(null, typeof payload === 'string' ? payload.replaceAll(FOREIGN_FONTS, '') : payload);
        });
        scope.setErrorHandler((error, request, reply) => answerWithError(error, request, reply));
        void scope.register(plugin);
        done();
      },
      { prefix: BASE_PATH },
    );
  }

  /** @throws queue_board_read_only, queues_unavailable */
  private async check(request: FastifyRequest): Promise<void> {
    if (!SAFE_METHODS.has(request.method)) throw queueBoardReadOnly();
    if (!request.url.startsWith(API_PATH)) return;
    try {
      await this.board.checkRedis();
    } catch (cause) {
      if (!(cause instanceof RedisAwayError)) throw cause;
      throw queuesUnavailable({ retryAfterSeconds: 1, cause });
    }
  }
}

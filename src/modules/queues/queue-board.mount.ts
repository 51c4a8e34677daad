import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerWithError, type AuthenticatedRequest } from '../../platform/http/index.js';
import { QueueBoard } from '../../platform/queue/index.js';
import { RedisAwayError } from '../../platform/redis/index.js';
import { CallerCheck } from '../auth/index.js';
import { queueBoardReadOnly, queuesUnavailable } from './queues.errors.js';

const BASE_PATH = '/admin/queues';
/** What asks Redis; the page and its assets do not. */
const API_PATH = `${BASE_PATH}/api/`;
const POLICY = { kind: 'scope', scope: 'operations' } as const;
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
    private readonly callers: CallerCheck,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    void fastify.register(
      (scope, _options, done) => {
        scope.addHook('onRequest', async (request, reply) => {
          try {
            await this.admit(request, reply);
          } catch (error) {
            // The board has an error handler of its own, which knows nothing of our errors.
            answerWithError(error, request, reply);
            return reply;
          }
        });
        scope.addHook('onSend', (_request, _reply, payload, next) => {
          next(null, typeof payload === 'string' ? payload.replaceAll(FOREIGN_FONTS, '') : payload);
        });
        void scope.register(this.board.pluginAt(BASE_PATH));
        done();
      },
      { prefix: BASE_PATH },
    );
  }

  /** @throws what `CallerCheck` throws; queue_board_read_only, queues_unavailable */
  private async admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    reply.headers({
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'cache-control': 'private, no-cache',
    });
    const principal = await this.callers.admit(request, POLICY);
    if (principal) (request as AuthenticatedRequest).principal = principal;
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

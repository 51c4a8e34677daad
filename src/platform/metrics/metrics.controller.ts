import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import type { FastifyReply } from 'fastify';
import { RequireScope } from '../http/index.js';

/** `GET /metrics`, which Prometheus scrapes with an API key of scope `operations` as its bearer token. */
@Controller()
export class MetricsController extends PrometheusController {
  @Get()
  @RequireScope('operations')
  @ApiExcludeEndpoint()
  override index(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return super.index(reply);
  }
}

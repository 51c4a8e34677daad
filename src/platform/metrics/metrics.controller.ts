import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import { register } from 'prom-client';
import { RequireScope } from '../http/index.js';

/** What Prometheus scrapes, with an API key of scope `operations` as its bearer token. */
@Controller()
export class MetricsController extends PrometheusController {
  @Get('metrics')
  @Header('content-type', register.contentType)
  @RequireScope('operations')
  @ApiExcludeEndpoint()
  metrics(): Promise<string> {
    return register.metrics();
  }
}

import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import { RequireScope } from '../http/index.js';
import { ClusterMetrics } from './cluster-metrics.js';
import { EXPOSITION_TYPE, renderMetrics } from './exposition.js';
import { MetricsAccess } from './metrics-access.js';
import { SharedMetrics } from './shared-metrics.js';

/** `GET /metrics`, for Prometheus: any API process answers for all processes of its machine. */
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly cluster: ClusterMetrics,
    private readonly shared: SharedMetrics,
  ) {}

  @Get()
  @RequireScope('operations', { unless: MetricsAccess })
  @Header('content-type', EXPOSITION_TYPE)
  @Header('cache-control', 'no-store')
  @ApiExcludeEndpoint()
  async show(): Promise<string> {
    const [{ processes }, shared] = await Promise.all([this.cluster.read(), this.shared.read()]);
    return renderMetrics(processes, shared);
  }
}

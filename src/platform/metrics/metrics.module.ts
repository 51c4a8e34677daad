import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Registry } from 'prom-client';
import { ClusterMetrics, METRICS_ROLE } from './cluster-metrics.js';
import { PROCESS_REGISTRY } from './metric-providers.js';
import { MetricsAccess } from './metrics-access.js';
import { MetricsController } from './metrics.controller.js';
import { SharedMetrics } from './shared-metrics.js';

/** The registry of this process. */
@Global()
@Module({
  providers: [{ provide: PROCESS_REGISTRY, useFactory: () => new Registry() }, SharedMetrics],
  exports: [PROCESS_REGISTRY, SharedMetrics],
})
export class MetricsModule {}

/** Lets processes read each other's metrics, and Prometheus those of all. Needs the modules of configuration. */
@Global()
@Module({})
export class ClusterMetricsModule {
  /** What a process of this kind needs; an API also answers `GET /metrics`. */
  static forRole(role: 'api' | 'worker'): DynamicModule {
    const isApi = role === 'api';
    return {
      module: ClusterMetricsModule,
      imports: [MetricsModule],
      controllers: isApi ? [MetricsController] : [],
      providers: [
        { provide: METRICS_ROLE, useValue: role },
        ClusterMetrics,
        ...(isApi ? [MetricsAccess] : []),
      ],
      exports: [ClusterMetrics],
    };
  }
}

export { ClusterMetrics } from './cluster-metrics.js';
export type { ClusterReading } from './cluster-metrics.js';
export { counter, gauge, histogram } from './metric-providers.js';
export { metricsConfig } from './metrics.config.js';
export { ClusterMetricsModule, MetricsModule } from './metrics.module.js';
export { SharedMetrics } from './shared-metrics.js';

export { counter, gauge, histogram, MetricsModule } from './metrics.module.js';

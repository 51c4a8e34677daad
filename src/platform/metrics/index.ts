export { counter, histogram, MetricsModule } from './metrics.module.js';

import { Global, Module } from '@nestjs/common';
import {
  makeCounterProvider,
  makeGaugeProvider,
  makeHistogramProvider,
  PrometheusModule,
} from '@willsoto/nestjs-prometheus';
import { MetricsController } from './metrics.controller.js';

/** A counter, as a provider; inject it with `@InjectMetric(name)`. */
export function counter(name: string, help: string, labelNames: string[]) {
  return makeCounterProvider({ name, help, labelNames });
}

/** A gauge, as a provider; inject it with `@InjectMetric(name)`. */
export function gauge(name: string, help: string, labelNames: string[]) {
  return makeGaugeProvider({ name, help, labelNames });
}

/** A histogram, as a provider; inject it with `@InjectMetric(name)`. */
export function histogram(name: string, help: string, labelNames: string[], buckets: number[]) {
  return makeHistogramProvider({ name, help, labelNames, buckets });
}

/** The registry of this process, and `GET /metrics`. */
@Global()
@Module({
  imports: [PrometheusModule.register({ controller: MetricsController, defaultMetrics: { enabled: true } })],
})
export class MetricsModule {}

import type { Provider } from '@nestjs/common';
import { getToken } from '@willsoto/nestjs-prometheus';
import { Counter, Gauge, Histogram, register, type Registry } from 'prom-client';
import type { ConfigOf } from '../config/index.js';
import { metricsConfig } from './metrics.config.js';

/** Injects the registry of what this process counts. Parts without one (commands, tests) count for nobody. */
export const PROCESS_REGISTRY = Symbol('metrics:process-registry');

/** What stands for every metric while there is no monitoring. */
const silentMetric = { inc: () => undefined, set: () => undefined, observe: () => undefined };

/** A counter, as a provider; inject it with `@InjectMetric(name)`. */
export function counter(name: string, help: string, labelNames: string[]): Provider {
  return metric(name, (registry) => new Counter({ name, help, labelNames, registers: [registry] }));
}

/** A gauge of this process, as a provider; inject it with `@InjectMetric(name)`. Of shared things: `SharedMetrics`. */
export function gauge(name: string, help: string, labelNames: string[]): Provider {
  return metric(name, (registry) => new Gauge({ name, help, labelNames, registers: [registry] }));
}

/** A histogram, as a provider; inject it with `@InjectMetric(name)`. */
export function histogram(name: string, help: string, labelNames: string[], buckets: number[]): Provider {
  return metric(
    name,
    (registry) => new Histogram({ name, help, labelNames, buckets, registers: [registry] }),
  );
}

/** The metric is the registry's if it has one of that name: two modules may declare the same. */
function metric(name: string, create: (registry: Registry) => unknown): Provider {
  return {
    provide: getToken(name),
    inject: [
      { token: PROCESS_REGISTRY, optional: true },
      { token: metricsConfig.token, optional: true },
    ],
    useFactory: (injected?: Registry, config?: ConfigOf<typeof metricsConfig>) => {
      if (config?.isOn === false) return silentMetric;
      const registry = injected ?? register;
      return registry.getSingleMetric(name) ?? create(registry);
    },
  };
}

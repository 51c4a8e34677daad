import { setTimeout as delay } from 'node:timers/promises';
import { type DynamicModule, Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigOf } from '../config/index.js';
import { productVersion } from '../process/product-version.js';
import { installBackend } from './trace-backend.js';
import { tracingConfig } from './tracing.config.js';

/** How long a process that stops tries to send its last traces. */
const FAREWELL_MS = 2_000;
const RUNNING_TRACES = Symbol('tracing:running');

interface RunningTraces {
  stop(): Promise<void>;
}

/** Sends the last traces when the process stops. */
@Injectable()
class Tracing implements OnApplicationShutdown {
  constructor(@Inject(RUNNING_TRACES) private readonly running: RunningTraces | undefined) {}

  async onApplicationShutdown(): Promise<void> {
    const stopped = this.running?.stop().catch(() => undefined);
    await Promise.race([stopped, delay(FAREWELL_MS, undefined, { ref: false })]);
  }
}

/** Traces what this process does if `LOCKKEEPER_TRACES_URL` is set; otherwise the SDK is not even loaded. */
@Module({})
export class TracingModule {
  static forRole(role: 'api' | 'worker'): DynamicModule {
    return {
      module: TracingModule,
      providers: [
        {
          provide: RUNNING_TRACES,
          inject: [tracingConfig.token],
          useFactory: (config: ConfigOf<typeof tracingConfig>) => startTraces(config, role),
        },
        Tracing,
      ],
    };
  }
}

async function startTraces(
  { url, ratio }: ConfigOf<typeof tracingConfig>,
  role: string,
): Promise<RunningTraces | undefined> {
  if (url === undefined) return undefined;
  const { OtlpBackend } = await import('./otlp-backend.js');
  const backend = new OtlpBackend({ url, ratio, role, version: productVersion() });
  const uninstall = installBackend(backend);
  return {
    stop: () => {
      uninstall();
      return backend.stop();
    },
  };
}

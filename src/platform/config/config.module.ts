import { type DynamicModule, Module } from '@nestjs/common';
import type { ConfigDefinition } from './define-config.js';
import type { LoadedConfig } from './load-config.js';

/** Makes every configuration injectable by its token, everywhere. */
@Module({})
export class ConfigModule {
  static forRoot(loaded: LoadedConfig, definitions: readonly ConfigDefinition[]): DynamicModule {
    const providers = definitions.map((definition) => ({
      provide: definition.token,
      useValue: loaded.get(definition),
    }));
    return { module: ConfigModule, global: true, providers, exports: providers };
  }
}

export { defineConfig, variable } from './define-config.js';
export type { ConfigDefinition, ConfigOf } from './define-config.js';
export { ConfigError, loadConfig, loadProcessConfig } from './load-config.js';
export type { LoadedConfig } from './load-config.js';
export { renderEnvExample } from './env-example.js';
export { ConfigModule } from './config.module.js';
export * as read from './readers.js';
export { appEnvironmentConfig } from './app-environment.config.js';

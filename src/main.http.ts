import 'reflect-metadata';
import { configDefinitions } from './app.config.js';
import { HttpAppModule } from './http-app.module.js';
import { appEnvironmentConfig, loadProcessConfig } from './platform/config/index.js';
import { createHttpApp, httpConfig } from './platform/http/index.js';
import { createPinoLogger } from './platform/logging/index.js';
import { announceReady, runProcess, stopOnSignal, waitForDependencies } from './platform/process/index.js';
import { ShutdownTimer } from './platform/time/index.js';
import { installSockets } from './platform/websocket/index.js';

/** Starts an API process. */
async function main(): Promise<void> {
  const config = loadProcessConfig(configDefinitions);
  const { logLevel } = config.get(appEnvironmentConfig);
  const logger = createPinoLogger(logLevel, 'api');
  await waitForDependencies(config, (line) => logger.warn(line));
  const { port, host } = config.get(httpConfig);
  const { app, drain } = await createHttpApp(HttpAppModule.forRoot(config), config.get(httpConfig), logger);
  installSockets(app);
  stopOnSignal(async () => {
    await drain.drain(app.getHttpAdapter().getInstance(), app.get(ShutdownTimer).remainingMs());
    await app.close();
  });
  await app.listen(port, host);
  logger.info({ url: await app.getUrl() }, 'the API listens');
  announceReady();
}

runProcess(main);

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../../scripts/lib/project.mjs';

/** Imports a module of the build, with the types of the source it was made from. */
export async function importBuilt<Module>(path: string): Promise<Module> {
  return (await import(pathToFileURL(join(projectRoot, 'dist', path)).href)) as Module;
}

/**
 * The services of the product's commands in this process, from the build, on an installation. For preparing data,
 * and for measuring a service without HTTP.
 */
export async function openServices(environment: Readonly<Record<string, string>>) {
  await import('reflect-metadata');
  const { NestFactory } = await import('@nestjs/core');
  const { configDefinitions } = await importBuilt<typeof import('../../src/app.config.ts')>('app.config.js');
  const { CliAppModule } =
    await importBuilt<typeof import('../../src/cli-app.module.ts')>('cli-app.module.js');
  const { loadConfig } =
    await importBuilt<typeof import('../../src/platform/config/index.ts')>('platform/config/index.js');
  const auth = await importBuilt<typeof import('../../src/modules/auth/index.ts')>('modules/auth/index.js');
  const coinAccount = await importBuilt<typeof import('../../src/modules/coin-account/index.ts')>(
    'modules/coin-account/index.js',
  );
  const conversation = await importBuilt<typeof import('../../src/modules/conversation/index.ts')>(
    'modules/conversation/index.js',
  );
  const logs = await importBuilt<typeof import('../../src/modules/logs/index.ts')>('modules/logs/index.js');
  const task = await importBuilt<typeof import('../../src/modules/task/index.ts')>('modules/task/index.js');
  const app = await NestFactory.createApplicationContext(
    CliAppModule.forRoot(loadConfig(environment, configDefinitions)),
    { logger: ['error'], abortOnError: false },
  );
  return {
    users: app.get(auth.UserService),
    apiKeys: app.get(auth.ApiKeyService),
    coins: app.get(coinAccount.CoinAccountService),
    conversations: app.get(conversation.ConversationService, { strict: false }),
    turns: app.get(conversation.TurnKeeper, { strict: false }),
    tasks: app.get(task.TaskService, { strict: false }),
    logAccounting: app.get(logs.LogAccounting, { strict: false }),
    close: () => app.close(),
  };
}

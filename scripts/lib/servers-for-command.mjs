/** The servers of this installation for a command that runs once, beside the product or without it. */
import { ensureSecret, readLauncher, takeDataDirectory } from './data-directory.mjs';
import { knownServers, startServers } from './product-servers.mjs';
import { stopLeftovers } from './supervisor.mjs';
import { OperatorError, say } from './terminal.mjs';

/**
 * Calls `work` with the environment for a command of the product. The servers are those that run or are named in the
 * settings; otherwise this installation's own are started for it, and stopped afterwards.
 * @template T
 * @param {import('./environment.mjs').Settings} settings
 * @param {(env: NodeJS.ProcessEnv) => Promise<T>} work
 * @returns {Promise<T>} what the work returns
 */
export async function withServers(settings, work) {
  /** @param {import('./product-servers.mjs').ServerUrls} servers */
  const environment = ({ databaseUrl, redisUrl }) => ({
    ...settings.env,
    LOCKKEEPER_DATABASE_URL: databaseUrl,
    LOCKKEEPER_REDIS_URL: redisUrl,
    LOCKKEEPER_STORAGE_DIR: settings.storageDir,
    LOCKKEEPER_SECRET: settings.secret ?? ensureSecret(settings.paths),
  });
  if (readLauncher(settings.paths) !== null) {
    const { databaseUrl, redisUrl } = knownServers(settings);
    if (!databaseUrl || !redisUrl)
      throw new OperatorError('Lockkeeper is just starting; try again when it runs.');
    return await work(environment({ databaseUrl, redisUrl }));
  }
  const { databaseUrl, redisUrl } = settings;
  if (databaseUrl && redisUrl) return await work(environment({ databaseUrl, redisUrl }));
  await takeDataDirectory(settings.paths);
  await stopLeftovers(settings.paths.run);
  /** @type {Array<{ stop: () => Promise<void> }>} */
  const parts = [];
  try {
    const servers = await startServers({ settings, register: (part) => parts.push(part), onGiveUp: say });
    return await work(environment(servers));
  } finally {
    for (const part of parts.toReversed()) await part.stop();
  }
}

import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { parseEnv } from 'node:util';
import { dataPaths } from './data-directory.mjs';
import { projectRoot } from './project.mjs';
import { OperatorError } from './terminal.mjs';

/**
 * What the operator set, in the environment or in `.env` (the environment wins; an empty value means unset).
 *
 * @param {NodeJS.ProcessEnv} [processEnv]
 * @param {string} [envFile]
 */
export function readSettings(processEnv = process.env, envFile = join(projectRoot, '.env')) {
  const env = { ...readEnvFile(envFile), ...processEnv };
  const named = (/** @type {string} */ name) => env[name]?.trim() || undefined;
  const directory = named('LOCKKEEPER_DATA_DIR') ?? '.data';
  const port = Number(named('PORT') ?? 3000);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new OperatorError(`PORT must be a whole number from 1 to 65535, not "${env['PORT']}".`);
  }
  const host = named('LOCKKEEPER_HOST') ?? '127.0.0.1';
  const paths = dataPaths(isAbsolute(directory) ? directory : join(projectRoot, directory));
  return {
    /** Everything, to be passed on to the processes. */
    env,
    port,
    host,
    /** Where this machine reaches the API. */
    url: `http://${reachableHost(host)}:${port}`,
    paths,
    databaseUrl: named('LOCKKEEPER_DATABASE_URL'),
    redisUrl: named('LOCKKEEPER_REDIS_URL'),
    secret: named('LOCKKEEPER_SECRET'),
    storageDir: named('LOCKKEEPER_STORAGE_DIR') ?? paths.files,
    shutdownTimeoutMs: Number(named('LOCKKEEPER_SHUTDOWN_TIMEOUT_MS') ?? 25_000) || 25_000,
    startTimeoutMs: Number(named('LOCKKEEPER_START_TIMEOUT_MS') ?? 30_000) || 30_000,
  };
}

/** @typedef {ReturnType<typeof readSettings>} Settings */

/** @param {string} host the address the API binds */
export function reachableHost(host) {
  if (host === '0.0.0.0' || host === '::' || host === '[::]') return '127.0.0.1';
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

/**
 * @param {string} path
 * @returns {Record<string, string | undefined>}
 */
function readEnvFile(path) {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return {};
    throw error;
  }
}

import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makePrivateDirectory, readJson, writeFileAtomic } from './files.mjs';
import { isRunning } from './processes.mjs';
import { OperatorError } from './terminal.mjs';

/** How long a start waits for another launcher that is about to end. */
const LOCK_WAIT_MS = 4_000;
const STOPPING_WAIT_MS = 120_000;

/**
 * The files of one installation.
 * @param {string} root absolute path
 */
export function dataPaths(root) {
  return {
    root,
    /** Held by a running launcher; the kernel lets go of it when the holder dies. */
    lock: join(root, 'launcher.lock'),
    /** Who the launcher is and what it is doing. */
    launcher: join(root, 'launcher.json'),
    /** One file for each process the launcher started. */
    run: join(root, 'run'),
    logs: join(root, 'logs'),
    mariadb: join(root, 'mariadb'),
    redis: join(root, 'redis'),
    /** What users uploaded, unless LOCKKEEPER_STORAGE_DIR names another place. */
    files: join(root, 'files'),
    /** The daemon, sockets and logs of this installation's own PM2. */
    pm2: join(root, 'pm2'),
    /** Which servers hold this installation's data, with their ports and passwords. */
    servers: join(root, 'servers.json'),
    secret: join(root, 'secret'),
    credentials: join(root, 'credentials.json'),
    /** The first administrator's password from before it is in use until credentials.json is written. */
    pendingCredentials: join(root, 'credentials.pending.json'),
  };
}

/** @typedef {ReturnType<typeof dataPaths>} DataPaths */

/**
 * @typedef {object} LauncherRecord
 * @property {import('./processes.mjs').ProcessIdentity} identity
 * @property {'starting' | 'ready' | 'stopping'} state
 * @property {string} url
 */

/**
 * Makes the directory if needed and takes it for this process alone, until the process ends.
 * @param {DataPaths} paths
 * @throws {OperatorError} when another launcher holds it
 */
export async function takeDataDirectory(paths) {
  makePrivateDirectory(paths.root);
  makePrivateDirectory(paths.run);
  makePrivateDirectory(paths.logs);
  const started = performance.now();
  while (!(await tryLock(paths.lock))) {
    const holder = readLauncher(paths);
    const waitMs = holder?.state === 'stopping' ? STOPPING_WAIT_MS : LOCK_WAIT_MS;
    if (performance.now() - started > waitMs) throw new OperatorError(heldMessage(paths, holder));
    await delay(100);
  }
}

/**
 * @param {DataPaths} paths
 * @param {LauncherRecord | null} holder
 */
function heldMessage(paths, holder) {
  const who = holder ? ` (process ${holder.identity.pid}, ${holder.url}, ${holder.state})` : '';
  return `Lockkeeper already runs on the data directory ${paths.root}${who}.
Stop it with "npm run stop", or set LOCKKEEPER_DATA_DIR and PORT to start a second installation.`;
}

/** Keeps the handle from being collected, which would let go of the lock. */
const held = [];

/**
 * An SQLite database opened exclusively is a file lock by the kernel (fcntl), which no dead process keeps and
 * which also holds between containers that share the directory.
 * @param {string} path
 */
async function tryLock(path) {
  const { DatabaseSync } = await import('node:sqlite');
  closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    held.push(database);
    return true;
  } catch (error) {
    database.close();
    if (error instanceof Error && error.message.includes('locked')) return false;
    throw error;
  }
}

/**
 * @param {DataPaths} paths
 * @returns {LauncherRecord | null} the launcher that runs now
 */
export function readLauncher(paths) {
  const record = readJson(paths.launcher);
  return record && isRunning(record.identity) ? record : null;
}

/**
 * @param {DataPaths} paths
 * @param {LauncherRecord} record
 */
export function writeLauncher(paths, record) {
  writeFileAtomic(paths.launcher, JSON.stringify(record));
}

/** @param {DataPaths} paths */
export function removeLauncher(paths) {
  rmSync(paths.launcher, { force: true });
}

/**
 * The secret this installation signs with, made on first use.
 * @param {DataPaths} paths
 */
export function ensureSecret(paths) {
  if (!existsSync(paths.secret)) writeFileAtomic(paths.secret, `${randomBytes(48).toString('base64url')}\n`);
  return readFileSync(paths.secret, 'utf8').trim();
}

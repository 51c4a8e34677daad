/** What can be wrong with an installation. Each check returns its findings and changes nothing. */
import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isBuildFresh } from './build.mjs';
import { readLauncher } from './data-directory.mjs';
import { findProgram, programDirectories, readJson } from './files.mjs';
import { isRunning } from './processes.mjs';
import { probePort } from './ports.mjs';
import { knownServers } from './product-servers.mjs';
import { projectRoot } from './project.mjs';
import { isNodeSupported, modulesProblem } from './runtime.mjs';
import { serverPrograms } from './server-programs.mjs';

const MINIMUM_FREE_BYTES = 2 * 1024 ** 3;
const ANSWER_TIMEOUT_MS = 5_000;
const MINIMUM_MARIADB = [10, 6];
const MINIMUM_MYSQL = [8, 0];

/**
 * @typedef {object} Finding
 * @property {string} check what was looked at
 * @property {'ok' | 'wrong' | 'unknown'} status `unknown`: cannot be told now, which is not wrong
 * @property {string} message
 * @property {string} [mend] what to do, when something is wrong
 *
 * @typedef {import('./environment.mjs').Settings} Settings
 */

/**
 * @param {string} check
 * @param {string} message
 * @returns {Finding}
 */
const ok = (check, message) => ({ check, status: 'ok', message });

/**
 * @param {string} check
 * @param {string} message
 * @returns {Finding}
 */
const unknown = (check, message) => ({ check, status: 'unknown', message });

/**
 * @param {string} check
 * @param {string} message
 * @param {string} mend
 * @returns {Finding}
 */
const wrong = (check, message, mend) => ({ check, status: 'wrong', message, mend });

/** @returns {Finding} */
export function checkNode() {
  const bringsOwn = existsSync(join(projectRoot, 'node_modules', '.bin', 'node'));
  if (bringsOwn) return ok('node', 'the Node that the lock file pins is installed');
  return isNodeSupported()
    ? ok('node', process.version)
    : wrong(
        'node',
        `${process.version} is too old`,
        'Run npm start, which brings a Node on Linux; elsewhere install Node 22.13 or newer.',
      );
}

/** @returns {Finding} */
export function checkModules() {
  const problem = modulesProblem();
  return problem
    ? wrong('modules', `node_modules: ${problem}`, 'npm ci (npm start does it as well)')
    : ok('modules', 'in step with package-lock.json');
}

/** @returns {Finding} */
export function checkBuild() {
  return isBuildFresh()
    ? ok('build', 'dist is what the sources make')
    : wrong(
        'build',
        'dist is missing or older than the sources',
        'npm run build (npm start does it as well)',
      );
}

/**
 * @param {Settings} settings
 * @returns {Promise<Finding>}
 */
export async function checkPort({ host, port, paths, url }) {
  const launcher = readLauncher(paths);
  if (launcher?.url === url) return ok('port', `${host}:${port} is in use by this installation`);
  if ((await probePort(port, host)) !== null) return ok('port', `${host}:${port} is free`);
  return wrong(
    'port',
    `${host}:${port} is taken by another program`,
    `Stop it, or set PORT, as in: PORT=${port + 1} npm start`,
  );
}

/**
 * @param {Settings} settings
 * @returns {Finding[]}
 */
export function checkDataDirectory({ paths }) {
  const place = existsSync(paths.root) ? paths.root : existingAbove(paths.root);
  const findings = [checkWritable(place), checkDiskSpace(place)];
  if (place === paths.root) findings.push(...checkModes(paths));
  return findings;
}

/** @param {string} place */
function checkWritable(place) {
  try {
    accessSync(place, constants.R_OK | constants.W_OK | constants.X_OK);
    return ok('data directory', `${place} is writable`);
  } catch {
    return wrong(
      'data directory',
      `${place} is not writable`,
      'Give it to this user (chown), or set LOCKKEEPER_DATA_DIR.',
    );
  }
}

/** @param {string} place */
function checkDiskSpace(place) {
  const { bavail, bsize } = statfsSync(place);
  const free = bavail * bsize;
  const text = `${(free / 1024 ** 3).toFixed(1)} GB free at ${place}`;
  return free >= MINIMUM_FREE_BYTES
    ? ok('disk space', text)
    : wrong(
        'disk space',
        text,
        `Make room: ${MINIMUM_FREE_BYTES / 1024 ** 3} GB are advisable, for the database and its log.`,
      );
}

/** @param {import('./data-directory.mjs').DataPaths} paths */
function checkModes(paths) {
  const own = [paths.root, paths.secret, paths.credentials, paths.servers, paths.pendingCredentials];
  const open = own.filter((path) => existsSync(path) && (statSync(path).mode & 0o077) !== 0);
  if (open.length === 0) return [ok('file modes', 'secrets are readable by their owner alone')];
  return [wrong('file modes', `others may read ${open.join(', ')}`, `chmod go= ${open.join(' ')}`)];
}

/**
 * @param {Settings} settings
 * @returns {Finding[]}
 */
export function checkPrograms(settings) {
  const { records } = knownServers(settings);
  const roles = /** @type {const} */ ([
    ['mariadb', settings.databaseUrl, records.database?.kind, 'LOCKKEEPER_DATABASE_URL'],
    ['redis', settings.redisUrl, records.redis?.kind, 'LOCKKEEPER_REDIS_URL'],
  ]);
  return roles.map(([name, url, kind, variable]) => {
    if (url) return ok(name, `named by ${variable}`);
    if (kind === 'docker') return ok(name, 'runs in Docker');
    const { programs, package: packageName } = serverPrograms[name];
    const path = findProgram(programs, programDirectories());
    if (path) return ok(name, `a private instance of ${path}`);
    return wrong(
      name,
      `no ${programs.join(' or ')} was found`,
      `apt-get install ${packageName}, start Docker, or set ${variable}.`,
    );
  });
}

/**
 * @param {Settings} settings
 * @returns {Promise<Finding[]>}
 */
export async function checkDatabase(settings) {
  const url = knownServers(settings).databaseUrl;
  if (!mayAnswer(settings, settings.databaseUrl) || !url) {
    return [unknown('database', 'does not run now; npm start starts it')];
  }
  const { createConnection } = await import('mysql2/promise');
  const where = `${new URL(url).hostname}:${new URL(url).port || 3306}`;
  let connection;
  try {
    connection = await createConnection({ uri: url, connectTimeout: ANSWER_TIMEOUT_MS });
    const [rows] = await connection.query('SELECT VERSION() AS version');
    const version = String(/** @type {any} */ (rows)[0].version);
    return [describeVersion(version, where), await pendingMigrations(connection)];
  } catch (error) {
    const { message, code } = /** @type {NodeJS.ErrnoException} */ (error);
    return [
      wrong('database', `${where}: ${message || code}`, 'Start it, or correct LOCKKEEPER_DATABASE_URL.'),
    ];
  } finally {
    connection?.destroy();
  }
}

/**
 * @param {string} version as the server says it
 * @param {string} where
 */
function describeVersion(version, where) {
  const isMariadb = version.includes('MariaDB');
  const [wantedMajor = 0, wantedMinor = 0] = isMariadb ? MINIMUM_MARIADB : MINIMUM_MYSQL;
  const [major = 0, minor = 0] = version.replace('5.5.5-', '').split(/[.-]/).map(Number);
  const isNewEnough = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  return isNewEnough
    ? ok('database', `${version} at ${where}`)
    : wrong(
        'database',
        `${version} at ${where} is too old`,
        'Use MariaDB 10.6 or newer, or MySQL 8.0 or newer.',
      );
}

/**
 * @param {import('mysql2/promise').Connection} connection
 * @returns {Promise<Finding>}
 */
async function pendingMigrations(connection) {
  // A file `<time>-<concern>.sql` is recorded as `<concern><time>`.
  const wanted = readdirSync(join(projectRoot, 'migrations'))
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.replace(/^(\d+)-(.+)\.sql$/, '$2$1'));
  const [tables] = await connection.query("SHOW TABLES LIKE 'migrations'");
  const [rows] =
    /** @type {any[]} */ (tables).length > 0 ? await connection.query('SELECT name FROM migrations') : [[]];
  const applied = new Set(/** @type {any[]} */ (rows).map((row) => row.name));
  const pending = wanted.filter((name) => !applied.has(name));
  return pending.length === 0
    ? ok('migrations', `all ${wanted.length} are applied`)
    : wrong(
        'migrations',
        `not applied: ${pending.join(', ')}`,
        'npm run migrate (npm start does it as well)',
      );
}

/**
 * @param {Settings} settings
 * @returns {Promise<Finding[]>}
 */
export async function checkRedis(settings) {
  const url = knownServers(settings).redisUrl;
  if (!mayAnswer(settings, settings.redisUrl) || !url) {
    return [unknown('redis', 'does not run now; npm start starts it')];
  }
  const { Redis } = await import('ioredis');
  const where = `${new URL(url).hostname}:${new URL(url).port || 6379}`;
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: ANSWER_TIMEOUT_MS,
    commandTimeout: ANSWER_TIMEOUT_MS,
    retryStrategy: () => null,
  });
  let cause = '';
  client.on('error', (error) => (cause = error.message));
  try {
    await client.connect();
    const info = await client.info();
    return describeRedis(where, (name) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1] ?? '');
  } catch (error) {
    const message = cause || (error instanceof Error ? error.message : String(error));
    return [wrong('redis', `${where}: ${message}`, 'Start it, or correct LOCKKEEPER_REDIS_URL.')];
  } finally {
    client.disconnect();
  }
}

/**
 * @param {string} where
 * @param {(name: string) => string} info
 */
function describeRedis(where, info) {
  const policy = info('maxmemory_policy');
  return [
    ok('redis', `${info('redis_version')} at ${where}`),
    policy === 'noeviction'
      ? ok('redis policy', policy)
      : wrong('redis policy', `${policy} may drop queued work`, 'Set maxmemory-policy noeviction.'),
    info('aof_enabled') === '1'
      ? ok('redis AOF', `on, last write ${info('aof_last_write_status')}`)
      : wrong('redis AOF', 'off: a restart of Redis loses queued work', 'Set appendonly yes.'),
  ];
}

/**
 * @param {Settings} settings
 * @returns {Promise<Finding[]>}
 */
export async function checkProcesses(settings) {
  const launcher = readLauncher(settings.paths);
  if (!launcher) return [unknown('API', 'does not run now; npm start starts it')];
  if (launcher.state !== 'ready') return [unknown('API', `is ${launcher.state}`)];
  const workerRuns = isRunning(readJson(join(settings.paths.run, 'worker.json')));
  const log = join(settings.paths.logs, 'worker.log');
  return [
    await checkReadiness(launcher.url, settings),
    workerRuns
      ? ok('worker', 'runs')
      : wrong('worker', 'does not run', `It should come back by itself; see ${log}.`),
  ];
}

/**
 * @param {string} url
 * @param {Settings} settings
 */
async function checkReadiness(url, settings) {
  const log = join(settings.paths.logs, 'api.log');
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    if (response.ok) return ok('API', `ready at ${url}`);
    return wrong(
      'API',
      `${url}/health/ready answers ${response.status}: ${await response.text()}`,
      `See ${log}.`,
    );
  } catch (error) {
    return wrong(
      'API',
      `${url} does not answer: ${error instanceof Error ? error.message : String(error)}`,
      `See ${log}.`,
    );
  }
}

/**
 * A private server runs only while its launcher does; one that was named ought to run always.
 * @param {Settings} settings
 * @param {string | undefined} namedUrl
 */
function mayAnswer(settings, namedUrl) {
  return namedUrl !== undefined || readLauncher(settings.paths)?.state === 'ready';
}

/** @param {string} path */
function existingAbove(path) {
  let place = path;
  while (!existsSync(place)) place = dirname(place);
  return place;
}

/** The MySQL and the Redis the product runs on: named by the operator, in Docker, or private instances. */
import { randomBytes } from 'node:crypto';
import { dockerAnswers, startContainers, stopContainers } from './docker-engine.mjs';
import { programDirectories, readJson, writeFileAtomic } from './files.mjs';
import { freePort } from './ports.mjs';
import { ensureServerPrograms } from './server-programs.mjs';
import { findBinaries, startMariadb, startRedis } from './services.mjs';
import { Supervisor } from './supervisor.mjs';
import { OperatorError, say, step } from './terminal.mjs';

const DATABASE = 'lockkeeper';
const MARIADB_GRACE_MS = 120_000;
const REDIS_GRACE_MS = 60_000;

/**
 * Where one role's data is. It stays there: another kind of server would start empty.
 * @typedef {{ kind: 'docker' | 'private', port?: number, password: string }} ServerRecord
 * @typedef {{ database?: ServerRecord, redis?: ServerRecord }} ServerRecords
 *
 * @typedef {object} ServerOptions
 * @property {import('./environment.mjs').Settings} settings
 * @property {string[]} [directories] where server programs are looked up
 * @property {boolean} [mayInstall] whether packages of the system may be installed
 * @property {(message: string) => void} onGiveUp a server cannot be kept running
 * @property {(part: { name: string, stop: () => Promise<void> }) => void} register
 *   called for each thing that has to be stopped later, before it is started
 *
 * @typedef {{ databaseUrl: string, redisUrl: string }} ServerUrls
 */

/**
 * Finds or starts both servers. A role the operator did not name is looked for where its data already is,
 * then in Docker, then among the installed programs, which root on Debian and Ubuntu gets installed.
 * @param {ServerOptions} options
 * @returns {Promise<ServerUrls>} of servers that answer
 */
export async function startServers(options) {
  const { settings } = options;
  const records = await chooseKinds(settings);
  await startDocker(options, records);
  const databaseUrl = settings.databaseUrl ?? (await startDatabase(options, records));
  const redisUrl = settings.redisUrl ?? (await startRedisServer(options, records));
  return { databaseUrl, redisUrl };
}

/**
 * The addresses of the servers that this installation would use, whether or not they run.
 * @param {import('./environment.mjs').Settings} settings
 * @returns {{ databaseUrl: string | null, redisUrl: string | null, records: ServerRecords }}
 */
export function knownServers(settings) {
  const records = readRecords(settings);
  return {
    databaseUrl: settings.databaseUrl ?? (records.database?.port ? databaseUrlOf(records.database) : null),
    redisUrl: settings.redisUrl ?? (records.redis?.port ? redisUrlOf(records.redis) : null),
    records,
  };
}

/**
 * Stops this installation's containers, if it has any.
 * @param {import('./environment.mjs').Settings} settings
 */
export async function stopServerContainers(settings) {
  const services = dockerServices(readRecords(settings), settings);
  if (services.length > 0) await stopContainers(settings.paths.root, services);
}

/**
 * @param {import('./environment.mjs').Settings} settings
 * @returns {ServerRecords}
 */
function readRecords(settings) {
  return readJson(settings.paths.servers) ?? {};
}

/**
 * @param {import('./environment.mjs').Settings} settings
 * @param {ServerRecords} records
 */
function writeRecords(settings, records) {
  writeFileAtomic(settings.paths.servers, `${JSON.stringify(records, null, 2)}\n`);
}

/**
 * @param {import('./environment.mjs').Settings} settings
 * @returns {Promise<ServerRecords>}
 */
async function chooseKinds(settings) {
  const records = readRecords(settings);
  const unnamed = [...(settings.databaseUrl ? [] : ['database']), ...(settings.redisUrl ? [] : ['redis'])];
  const isUndecided = unnamed.some((role) => !(role in records));
  const kind = isUndecided && (await dockerAnswers()) ? 'docker' : 'private';
  for (const role of /** @type {Array<'database' | 'redis'>} */ (unnamed)) {
    records[role] ??= { kind, password: randomBytes(18).toString('hex') };
  }
  return records;
}

/**
 * @param {ServerRecords} records
 * @param {import('./environment.mjs').Settings} settings
 * @returns {Array<'mysql' | 'redis'>}
 */
function dockerServices(records, settings) {
  return [
    ...(!settings.databaseUrl && records.database?.kind === 'docker' ? /** @type {const} */ (['mysql']) : []),
    ...(!settings.redisUrl && records.redis?.kind === 'docker' ? /** @type {const} */ (['redis']) : []),
  ];
}

/**
 * Starts the containers, if any role is kept in one. On the very first start a Docker that cannot run them
 * (no network for the images, say) is no reason to give up: installed programs come next.
 * @param {ServerOptions} options
 * @param {ServerRecords} records
 */
async function startDocker({ settings, register }, records) {
  const services = dockerServices(records, settings);
  if (services.length === 0) return;
  const isNew = readJson(settings.paths.servers) === null;
  if (!isNew && !(await dockerAnswers())) {
    throw new OperatorError(
      `The data of this installation is in Docker containers, but the Docker engine does not answer.
Start Docker, or name other servers in LOCKKEEPER_DATABASE_URL and LOCKKEEPER_REDIS_URL.`,
    );
  }
  const { database, redis } = records;
  for (const record of [database, redis]) if (record?.kind === 'docker') record.port ??= await freePort();
  register({ name: 'docker', stop: () => stopContainers(settings.paths.root, services) });
  try {
    await step(`Starting ${services.join(' and ')} in Docker`, () =>
      startContainers(settings.paths.root, services, {
        MYSQL_PUBLISHED_PORT: String(database?.port ?? ''),
        MYSQL_PASSWORD: database?.password ?? '',
        REDIS_PUBLISHED_PORT: String(redis?.port ?? ''),
      }),
    );
    writeRecords(settings, records);
  } catch (error) {
    if (!isNew || !(error instanceof OperatorError)) throw error;
    say(`${error.message}\nGoing on without Docker.`);
    await stopContainers(settings.paths.root, services);
    for (const record of [database, redis])
      if (record) Object.assign(record, { kind: 'private', port: undefined });
  }
}

/**
 * @param {ServerOptions} options
 * @param {ServerRecords} records
 */
async function startDatabase(options, records) {
  const { settings, directories = programDirectories(), mayInstall } = options;
  const record = recordOf(records, 'database');
  if (record.kind === 'docker') return databaseUrlOf(record);
  await ensureServerPrograms(missingRoles(settings, records), { directories, mayInstall });
  writeRecords(settings, records);
  await startPrivate(options, 'mariadb', MARIADB_GRACE_MS, records, record, (shared) =>
    startMariadb({
      ...shared,
      binaries: findBinaries(directories),
      directory: settings.paths.mariadb,
      user: DATABASE,
      password: record.password,
      database: DATABASE,
    }),
  );
  return databaseUrlOf(record);
}

/**
 * @param {ServerOptions} options
 * @param {ServerRecords} records
 */
async function startRedisServer(options, records) {
  const { settings, directories = programDirectories(), mayInstall } = options;
  const record = recordOf(records, 'redis');
  if (record.kind === 'docker') return redisUrlOf(record);
  await ensureServerPrograms(['redis'], { directories, mayInstall });
  writeRecords(settings, records);
  await startPrivate(options, 'redis', REDIS_GRACE_MS, records, record, (shared) =>
    startRedis({
      ...shared,
      binaries: findBinaries(directories),
      directory: settings.paths.redis,
      password: record.password,
      isDurable: true,
    }),
  );
  return redisUrlOf(record);
}

/**
 * The roles whose programs are needed, so that one message names all that is missing.
 * @param {import('./environment.mjs').Settings} settings
 * @param {ServerRecords} records
 * @returns {Array<'mariadb' | 'redis'>}
 */
function missingRoles(settings, records) {
  const needsRedis = !settings.redisUrl && records.redis?.kind === 'private';
  return ['mariadb', ...(needsRedis ? /** @type {const} */ (['redis']) : [])];
}

/**
 * @param {ServerRecords} records
 * @param {'database' | 'redis'} role
 */
function recordOf(records, role) {
  const record = records[role];
  if (!record) throw new Error(`no record of the ${role}`);
  return record;
}

/**
 * Starts a private server under supervision and remembers its port.
 * @param {ServerOptions} options
 * @param {'mariadb' | 'redis'} name
 * @param {number} graceMs
 * @param {ServerRecords} records
 * @param {ServerRecord} record of this server
 * @param {(shared: { port?: number, isPortFixed: boolean,
 *   onSpawn: (service: import('./services.mjs').Service) => void }) => Promise<import('./services.mjs').Service>} start
 */
async function startPrivate({ settings, register, onGiveUp }, name, graceMs, records, record, start) {
  let hasStarted = false;
  const supervisor = new Supervisor({
    name,
    runDirectory: settings.paths.run,
    graceMs,
    onGiveUp,
    start: async (onSpawn) => {
      const service = await start({ port: record.port, isPortFixed: hasStarted, onSpawn });
      hasStarted = true;
      record.port = service.port;
      return service;
    },
  });
  register(supervisor);
  await step(`Starting ${name}`, () => supervisor.start());
  writeRecords(settings, records);
}

/** @param {ServerRecord} record */
function databaseUrlOf({ password, port }) {
  return `mysql://${DATABASE}:${password}@127.0.0.1:${port}/${DATABASE}`;
}

/** A container of ours has no password: it is published on loopback only.
 * @param {ServerRecord} record
 */
function redisUrlOf({ kind, password, port }) {
  return kind === 'docker' ? `redis://127.0.0.1:${port}/0` : `redis://:${password}@127.0.0.1:${port}/0`;
}

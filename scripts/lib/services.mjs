/**
 * Private MariaDB and Redis instances: each in a directory of its own, on a loopback port, with a password,
 * reading no configuration but its own. They run as whoever calls, root included.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { findProgram, makePrivateDirectory, programDirectories, writeFileAtomic } from './files.mjs';
import { interruption, throwIfInterrupted } from './interruption.mjs';
import { firstAnswer, freePort } from './ports.mjs';
import { identifyProcess, isRunning, runProgram, stopProcess, waitUntil } from './processes.mjs';
import { OperatorError } from './terminal.mjs';

/** Recovery of a large database after a crash takes a while. */
const MARIADB_START_MS = 180_000;
const REDIS_START_MS = 120_000;
/** How long a server may go on starting after this command was interrupted. */
const INTERRUPTED_START_MS = 30_000;
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
const PORT_ATTEMPTS = 5;

/**
 * @typedef {{ mariadbd: string | null, installDatabase: string | null, redisServer: string | null }} Binaries
 *
 * @typedef {object} Service a server process that this program started
 * @property {string} name
 * @property {import('node:child_process').ChildProcess} process
 * @property {import('./processes.mjs').ProcessIdentity} identity
 * @property {number} port on 127.0.0.1
 * @property {Promise<unknown>} exited settles when the process is gone, for whatever reason
 * @property {(graceMs: number) => Promise<boolean>} stop ends it gracefully, once it is up: MariaDB hangs when it
 *   is told to end while it starts; false when it had to be killed
 * @property {() => void} hasSettled tells that it is up, or will not be
 * @property {() => void} kill ends it at once
 */

/**
 * Finds the server programs of this machine.
 * @param {string[]} [directories]
 * @returns {Binaries}
 */
export function findBinaries(directories = programDirectories()) {
  return {
    mariadbd: findProgram(['mariadbd', 'mysqld'], directories),
    installDatabase: findProgram(['mariadb-install-db', 'mysql_install_db'], directories),
    redisServer: findProgram(['redis-server', 'valkey-server'], directories),
  };
}

/**
 * Starts a MariaDB (or MySQL) whose files are all in one directory, made on first use.
 *
 * @param {object} options
 * @param {Binaries} options.binaries
 * @param {string} options.directory
 * @param {number} [options.port] used if it is free
 * @param {boolean} [options.isPortFixed] no other port will do
 * @param {string} options.user may do everything on `database`, or on the whole server when there is none
 * @param {string} options.password
 * @param {string} [options.database] created if missing
 * @param {Record<string, string | number>} [options.settings] further lines of my.cnf
 * @param {(service: Service) => void} [options.onSpawn] called before the server answers
 * @returns {Promise<Service>} a server that answers
 */
export async function startMariadb(options) {
  const { binaries, directory } = options;
  const mariadbd = binaries.mariadbd;
  if (!mariadbd) throw new OperatorError('Neither mariadbd nor mysqld is installed.');
  makePrivateDirectory(directory);
  makePrivateDirectory(temporaryDirectory(directory));
  const isMariadb = (await runProgram(mariadbd, ['--version'])).output.includes('MariaDB');
  await initialiseDatabase(mariadbd, isMariadb ? binaries.installDatabase : mariadbd, directory);
  writeFileAtomic(join(directory, 'init.sql'), initFile({ ...options, isMariadb }));
  return await startOnFreePort(options, async (port) => {
    const configuration = join(directory, 'my.cnf');
    writeFileAtomic(configuration, mariadbConfiguration(directory, port, options.settings ?? {}));
    const service = spawnService({
      name: 'MariaDB',
      command: mariadbd,
      args: [`--defaults-file=${configuration}`],
      directory,
      port,
    });
    options.onSpawn?.(service);
    await waitForService(service, directory, MARIADB_START_MS, () => answersAsMysql('127.0.0.1', port));
    return service;
  });
}

/**
 * Starts a Redis whose files are all in one directory. It never evicts (`noeviction`).
 *
 * @param {object} options
 * @param {Binaries} options.binaries
 * @param {string} options.directory
 * @param {number} [options.port] used if it is free
 * @param {boolean} [options.isPortFixed] no other port will do
 * @param {string} [options.password]
 * @param {boolean} options.isDurable append-only file; otherwise in memory alone
 * @param {'everysec' | 'always'} [options.appendfsync] when that file is flushed: each second, or before each answer
 * @param {number} [options.databases] number of logical databases
 * @param {(service: Service) => void} [options.onSpawn] called before the server answers
 * @returns {Promise<Service>} a server that answers
 */
export async function startRedis(options) {
  const { directory, password } = options;
  const redisServer = options.binaries.redisServer;
  if (!redisServer) throw new OperatorError('redis-server is not installed.');
  makePrivateDirectory(directory);
  return await startOnFreePort(options, async (port) => {
    const configuration = join(directory, 'redis.conf');
    writeFileAtomic(configuration, redisConfiguration({ ...options, port }));
    const service = spawnService({
      name: 'Redis',
      command: redisServer,
      args: [configuration],
      directory,
      port,
    });
    options.onSpawn?.(service);
    await waitForService(service, directory, REDIS_START_MS, () =>
      answersAsRedis('127.0.0.1', port, password),
    );
    return service;
  });
}

/**
 * @param {string} host
 * @param {number} port
 * @returns {Promise<boolean>} whether a MySQL-protocol server greets there (protocol 10 handshake)
 */
export async function answersAsMysql(host, port) {
  const greeting = await firstAnswer({ host, port });
  return greeting !== null && greeting[4] === 10;
}

/**
 * @param {string} host
 * @param {number} port
 * @param {string} [password]
 * @returns {Promise<boolean>} whether a Redis answers there and has loaded its data
 */
export async function answersAsRedis(host, port, password) {
  const send = password ? `AUTH ${password}\r\nPING\r\n` : 'PING\r\n';
  const answer = (await firstAnswer({ host, port, send }))?.toString() ?? '';
  return answer.startsWith('+') && !answer.includes('-LOADING');
}

/**
 * The data directory appears under its name only when it is complete, so that a crash here costs nothing.
 * @param {string} mariadbd
 * @param {string | null} installer mariadb-install-db, or MySQL's server itself
 * @param {string} directory
 */
async function initialiseDatabase(mariadbd, installer, directory) {
  const dataDirectory = join(directory, 'data');
  if (existsSync(dataDirectory)) return;
  if (!installer) {
    throw new OperatorError(
      `Found ${mariadbd} but not mariadb-install-db, which belongs to the same package.`,
    );
  }
  const unfinished = join(directory, 'data.unfinished');
  rmSync(unfinished, { recursive: true, force: true });
  const login = userInfo().username;
  const kind =
    installer === mariadbd
      ? ['--initialize-insecure']
      : ['--auth-root-authentication-method=socket', `--auth-root-socket-user=${login}`, '--skip-test-db'];
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
  const result = await runProgram(
    installer,
    ['--no-defaults', ...kind, `--datadir=${unfinished}`, ...asRoot],
    {
      cwd: directory,
      detached: true,
    },
  );
  if (result.code !== 0) {
    throw new OperatorError(
      `The database could not make its data directory ${dataDirectory}:\n${result.output.trim()}`,
    );
  }
  renameSync(unfinished, dataDirectory);
}

/**
 * Of its own, since a server that starts removes the temporary tables of any other it finds there.
 * @param {string} directory
 */
function temporaryDirectory(directory) {
  return join(directory, 'tmp');
}

/**
 * Statements the server runs at each start before it listens: they make the account. MariaDB's root can only
 * come through the socket as the operating system's user; MySQL's gets the password.
 * @param {{ user: string, password: string, database?: string, isMariadb: boolean }} options
 */
function initFile({ user, password, database, isMariadb }) {
  const account = `'${user}'@'127.0.0.1'`;
  const scope = database ? `\`${database}\`` : '*';
  return [
    ...(database ? [`CREATE DATABASE IF NOT EXISTS ${scope} CHARACTER SET utf8mb4;`] : []),
    `CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY '${password}';`,
    `ALTER USER ${account} IDENTIFIED BY '${password}';`,
    `GRANT ALL PRIVILEGES ON ${scope}.* TO ${account}${database ? '' : ' WITH GRANT OPTION'};`,
    ...(isMariadb ? [] : [`ALTER USER 'root'@'localhost' IDENTIFIED BY '${password}';`]),
    '',
  ].join('\n');
}

/**
 * @param {string} directory
 * @param {number} port
 * @param {Record<string, string | number>} settings
 */
function mariadbConfiguration(directory, port, settings) {
  /** @type {Record<string, string | number>} */
  const all = {
    datadir: JSON.stringify(join(directory, 'data')),
    'init-file': JSON.stringify(join(directory, 'init.sql')),
    tmpdir: JSON.stringify(temporaryDirectory(directory)),
    // Relative to the data directory: an absolute socket path must stay below 108 bytes.
    socket: 'mysql.sock',
    'pid-file': 'mysql.pid',
    'bind-address': '127.0.0.1',
    port,
    'skip-name-resolve': 1,
    'loose-mysqlx': 0,
    'character-set-server': 'utf8mb4',
    'collation-server': 'utf8mb4_unicode_ci',
    max_connections: 500,
    max_allowed_packet: '64M',
    innodb_buffer_pool_size: '256M',
    innodb_flush_log_at_trx_commit: 1,
    ...(process.getuid?.() === 0 ? { user: 'root' } : {}),
    ...settings,
  };
  return `[mysqld]\n${Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')}`;
}

/** @param {{ directory: string, port: number, password?: string, isDurable: boolean, appendfsync?: 'everysec' | 'always', databases?: number }} options */
function redisConfiguration({ directory, port, password, isDurable, appendfsync = 'everysec', databases }) {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    'daemonize no',
    `dir ${JSON.stringify(directory)}`,
    'maxmemory-policy noeviction',
    `appendonly ${isDurable ? 'yes' : 'no'}`,
    `appendfsync ${appendfsync}`,
    'save ""',
    ...(databases ? [`databases ${databases}`] : []),
    ...(password ? [`requirepass ${password}`] : []),
    '',
  ].join('\n');
}

/**
 * A port that was free a moment ago may be taken by now: then another one.
 * @param {{ port?: number, isPortFixed?: boolean }} options
 * @param {(port: number) => Promise<Service>} start
 */
async function startOnFreePort({ port: preferred, isPortFixed = false }, start) {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(attempt === 1 || isPortFixed ? preferred : undefined);
    if (isPortFixed && port !== preferred)
      throw new OperatorError(`Port ${preferred} is taken by another program.`);
    try {
      return await start(port);
    } catch (error) {
      const isTaken = error instanceof ServiceFailure && /address already in use/i.test(error.log);
      if (!isTaken || attempt >= PORT_ATTEMPTS) throw error;
    }
  }
}

class ServiceFailure extends OperatorError {
  /**
   * @param {string} message
   * @param {string} log
   */
  constructor(message, log) {
    super(`${message}\n${log}`);
    this.log = log;
  }
}

/**
 * In a session of its own, so that a Ctrl-C in the terminal reaches the caller alone, who stops in order.
 * @param {{ name: string, command: string, args: string[], directory: string, port: number }} options
 * @returns {Service}
 */
function spawnService({ name, command, args, directory, port }) {
  const logPath = join(directory, 'server.log');
  if (existsSync(logPath) && statSync(logPath).size > LOG_LIMIT_BYTES) renameSync(logPath, `${logPath}.1`);
  const log = openSync(logPath, 'a', 0o600);
  const child = spawn(command, args, { cwd: directory, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.on('error', () => {});
  if (child.pid === undefined) throw new OperatorError(`${name} could not be started: ${command}`);
  const identity = identifyProcess(child.pid) ?? { pid: child.pid, started: 'gone' };
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const settled = Promise.withResolvers();
  return {
    name,
    process: child,
    identity,
    port,
    exited,
    hasSettled: () => settled.resolve(undefined),
    stop: async (graceMs) => {
      await Promise.race([settled.promise, exited]);
      return await stopProcess(identity, graceMs);
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

/**
 * @param {Service} service
 * @param {string} directory
 * @param {number} timeoutMs
 * @param {() => Promise<boolean>} answers
 */
async function waitForService(service, directory, timeoutMs, answers) {
  let isUp = false;
  let interruptedAt = Infinity;
  interruption.addEventListener('abort', () => (interruptedAt = performance.now()));
  const isOverdue = () => performance.now() > interruptedAt + INTERRUPTED_START_MS;
  const hasEnded = () => !isRunning(service.identity);
  await waitUntil(async () => hasEnded() || isOverdue() || (isUp = await answers()), timeoutMs);
  service.hasSettled();
  throwIfInterrupted();
  if (isUp && !hasEnded()) return;
  const reason = hasEnded() ? 'ended while starting' : `did not answer within ${timeoutMs / 1000} s`;
  service.kill();
  const log = tail(readFileSync(join(directory, 'server.log'), 'utf8'));
  throw new ServiceFailure(`${service.name} ${reason}. The end of ${join(directory, 'server.log')}:`, log);
}

/** @param {string} text */
function tail(text) {
  return text.trimEnd().split('\n').slice(-20).join('\n');
}

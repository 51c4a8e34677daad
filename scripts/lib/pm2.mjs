/** A PM2 of this installation alone: its daemon, sockets and logs are in the data directory. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isBuildFresh } from './build.mjs';
import { ensureSecret, readLauncher } from './data-directory.mjs';
import { makePrivateDirectory } from './files.mjs';
import { probePort } from './ports.mjs';
import { identifyProcess, isRunning, runProgram, stopProcess, waitUntil } from './processes.mjs';
import { projectRoot } from './project.mjs';
import { OperatorError, say, step } from './terminal.mjs';

const program = fileURLToPath(import.meta.resolve('pm2/bin/pm2'));
const ecosystem = join(projectRoot, 'ecosystem.config.js');
/** Several processes start or stop, one after the other, each within its own deadline. */
const COMMAND_TIMEOUT_MS = 10 * 60_000;
const DAEMON_END_MS = 10_000;

/** @typedef {import('./environment.mjs').Settings} Settings */
/** @typedef {{ name: string, pid: number, pm2_env: { status: string, restart_time: number } }} Pm2Process */

/**
 * Starts the cluster and the worker.
 * @param {Settings} settings
 * @throws {OperatorError} what keeps it from starting
 */
export async function start(settings) {
  requireBuild();
  requireServers(settings);
  if (daemonOf(settings)) {
    throw new OperatorError('It already runs under PM2. "npm run pm2 -- reload" takes on a new build.');
  }
  await requirePort(settings);
  makePrivateDirectory(settings.paths.root);
  makePrivateDirectory(settings.paths.pm2);
  try {
    await step('Starting API and worker under PM2', () => runQuietly(settings, ['start', ecosystem]));
    await requireOnline(settings);
  } catch (error) {
    await stop(settings);
    throw error;
  }
  say(`  ${settings.url} serves. Its processes: npm run pm2 -- status; its logs: npm run pm2 -- logs`);
}

/**
 * Replaces every process by one of the present build and environment.
 * @param {Settings} settings
 */
export async function reload(settings) {
  requireRunning(settings);
  requireBuild();
  requireServers(settings);
  await step('Reloading', () => runQuietly(settings, ['reload', ecosystem, '--update-env']));
  await requireOnline(settings);
}

/**
 * Ends all processes, each within its time for finishing what it does, then PM2's daemon.
 * @param {Settings} settings
 */
export async function stop(settings) {
  const daemon = daemonOf(settings);
  if (!daemon) {
    say('Nothing runs under PM2.');
    return;
  }
  await step('Stopping', async () => {
    // First this, all at once: each process may take its time for finishing, and "kill" waits 3 seconds at most.
    await runQuietly(settings, ['delete', 'all'], { PM2_CONCURRENT_ACTIONS: '64' }).catch(ignoreFailure);
    await runQuietly(settings, ['kill']).catch(ignoreFailure);
    if (!(await waitUntil(() => !isRunning(daemon), DAEMON_END_MS))) await stopProcess(daemon, DAEMON_END_MS);
    await Promise.all(leftovers(settings).map((process) => stopProcess(process, settings.shutdownTimeoutMs)));
  });
}

/**
 * Processes that PM2 was just about to start when it was stopped, and forgot.
 * @param {Settings} settings
 * @returns {import('./processes.mjs').ProcessIdentity[]}
 */
function leftovers({ paths }) {
  const directory = join(paths.pm2, 'pids');
  if (!existsSync(directory)) return [];
  const pids = readdirSync(directory).map((name) => Number(readFileSync(join(directory, name), 'utf8')));
  return pids.flatMap((pid) => identifyNamed(pid, /dist\/main\.(http|worker)\.js/) ?? []);
}

/**
 * @param {number} pid which may be another program's by now
 * @param {RegExp} pattern of its command line
 * @returns {import('./processes.mjs').ProcessIdentity | null}
 */
function identifyNamed(pid, pattern) {
  const identity = identifyProcess(pid);
  if (!identity || process.platform !== 'linux') return identity;
  try {
    return pattern.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')) ? identity : null;
  } catch {
    return null;
  }
}

/** What PM2 says of a stop matters less than whether it stopped, which is looked at next. */
function ignoreFailure() {}

/**
 * @param {Settings} settings
 * @throws {OperatorError} when nothing was started
 */
export function requireRunning(settings) {
  if (!daemonOf(settings)) {
    throw new OperatorError('Nothing runs under PM2. "npm run pm2 -- start" starts it.');
  }
}

/**
 * Runs PM2 on this terminal.
 * @param {Settings} settings
 * @param {string[]} args
 * @returns {Promise<number>} its exit code
 */
export function runPm2(settings, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      env: environment(settings),
      stdio: 'inherit',
    });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/**
 * @param {Settings} settings
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [variables]
 * @returns {Promise<string>} its standard output
 */
async function runQuietly(settings, args, variables = {}) {
  const result = await runProgram(process.execPath, [program, ...args], {
    cwd: projectRoot,
    env: { ...environment(settings), ...variables },
    timeoutMs: COMMAND_TIMEOUT_MS,
    // Half a reload, or a daemon nobody has seen start, would be worse than a moment's wait.
    runsToItsEnd: true,
  });
  if (result.code !== 0) throw new OperatorError(`pm2 ${args[0]} failed:\n${result.output.trimEnd()}`);
  return result.stdout;
}

/** @param {Settings} settings */
function environment(settings) {
  const { env, port, host, paths, databaseUrl, redisUrl, secret, storageDir } = settings;
  return {
    ...env,
    PM2_HOME: paths.pm2,
    // PM2 gives its cluster the Node that it runs on itself; the worker's is looked up.
    PATH: `${dirname(process.execPath)}${delimiter}${env['PATH'] ?? ''}`,
    PORT: String(port),
    LOCKKEEPER_HOST: host,
    LOCKKEEPER_DATA_DIR: paths.root,
    LOCKKEEPER_STORAGE_DIR: storageDir,
    LOCKKEEPER_DATABASE_URL: databaseUrl,
    LOCKKEEPER_REDIS_URL: redisUrl,
    LOCKKEEPER_SECRET: secret ?? ensureSecret(paths),
  };
}

/**
 * @param {Settings} settings
 * @returns {import('./processes.mjs').ProcessIdentity | null} PM2's daemon, if it runs
 */
function daemonOf(settings) {
  const file = join(settings.paths.pm2, 'pm2.pid');
  return existsSync(file) ? identifyNamed(Number(readFileSync(file, 'utf8')), /pm2/i) : null;
}

function requireBuild() {
  if (!isBuildFresh()) throw new OperatorError('dist is not what the sources make. First: npm run build');
}

/** @param {Settings} settings */
function requireServers({ databaseUrl, redisUrl }) {
  if (databaseUrl && redisUrl) return;
  throw new OperatorError(`Under PM2 the product runs on servers that you name, in the environment or in .env:
LOCKKEEPER_DATABASE_URL (MySQL or MariaDB) and LOCKKEEPER_REDIS_URL. .env.example shows their form.`);
}

/** @param {Settings} settings */
async function requirePort(settings) {
  const { port, host, paths } = settings;
  if ((await probePort(port, host)) !== null) return;
  const who = readLauncher(paths)
    ? '"npm start" runs on this data directory'
    : 'another program listens there';
  throw new OperatorError(`${host}:${port} cannot be used: ${who}. Stop it, or set another PORT.`);
}

/**
 * @param {Settings} settings
 * @throws {OperatorError} that names what does not run
 */
async function requireOnline(settings) {
  const output = await runQuietly(settings, ['jlist']);
  /** @type {Pm2Process[]} */
  const processes = JSON.parse(output.slice(output.lastIndexOf('\n[{') + 1));
  const down = processes.filter((each) => each.pm2_env.status !== 'online');
  if (processes.length > 0 && down.length === 0) return;
  const names = [...new Set(down.map((each) => each.name))].join(' and ') || 'Everything';
  throw new OperatorError(`${names} did not start. The reason is in ${join(settings.paths.pm2, 'logs')}.`);
}

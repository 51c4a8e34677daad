import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { interruption } from './interruption.mjs';
import { identifyProcess, runProgram, stopProcess } from './processes.mjs';
import { projectRoot } from './project.mjs';
import { OperatorError } from './terminal.mjs';

/** A boot beyond the app's own wait for its servers. */
const BOOT_MS = 60_000;
/** A migration of a large table takes as long as it takes; this only ends one that hangs. */
const MIGRATE_TIMEOUT_MS = 6 * 60 * 60_000;
const COMMAND_TIMEOUT_MS = 2 * 60_000;

/**
 * Starts one process of the product and waits until it says that it is ready. It writes its log itself, and
 * lives in a session of its own, so that Ctrl-C reaches the launcher alone, which stops it in order.
 *
 * @param {object} options
 * @param {'http' | 'worker'} options.entry
 * @param {NodeJS.ProcessEnv} options.env
 * @param {number} options.log descriptor of its log file
 * @param {number} options.startTimeoutMs the app's own wait for its servers
 * @param {(running: import('./supervisor.mjs').RunningProcess) => void} options.onSpawn
 * @returns {Promise<import('./supervisor.mjs').RunningProcess>}
 */
export async function startAppProcess({ entry, env, log, startTimeoutMs, onSpawn }) {
  const script = join(projectRoot, 'dist', `main.${entry}.js`);
  const child = spawn(process.execPath, ['--enable-source-maps', script], {
    cwd: projectRoot,
    env,
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  child.on('error', () => {});
  if (child.pid === undefined) throw new OperatorError(`Could not start ${script}.`);
  const identity = identifyProcess(child.pid) ?? { pid: child.pid, started: 'gone' };
  const running = {
    identity,
    exited,
    kill: () => void child.kill('SIGKILL'),
    stop: (/** @type {number} */ graceMs) => stopProcess(identity, graceMs),
  };
  onSpawn(running);
  try {
    await untilReady(child, exited, startTimeoutMs + BOOT_MS);
  } catch (error) {
    running.kill();
    throw error;
  }
  return running;
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {Promise<unknown>} exited
 * @param {number} timeoutMs
 * @returns {Promise<void>}
 */
function untilReady(child, exited, timeoutMs) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new OperatorError(`was not ready after ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    const settle = (/** @type {() => void} */ how) => {
      clearTimeout(timer);
      interruption.removeEventListener('abort', interrupt);
      how();
    };
    const interrupt = () => settle(() => reject(interruption.reason));
    interruption.addEventListener('abort', interrupt);
    child.on('message', (message) => message === 'ready' && settle(resolve));
    void exited.then((how) =>
      settle(() => reject(new OperatorError(`ended while starting (${String(how)})`))),
    );
  });
}

/**
 * Brings the schema up to date. Runs to its end whatever happens: MySQL cannot take back half a migration.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} what the command said
 */
export async function migrate(env) {
  return await runCommand(['migrate'], env, { timeoutMs: MIGRATE_TIMEOUT_MS });
}

/**
 * Runs a command of the product.
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {{ input?: string, timeoutMs?: number }} [options]
 * @returns {Promise<string>} its output
 * @throws {OperatorError} with its output when it fails
 */
export async function runCommand(args, env, { input, timeoutMs = COMMAND_TIMEOUT_MS } = {}) {
  const script = join(projectRoot, 'dist', 'main.cli.js');
  const result = await runProgram(process.execPath, ['--enable-source-maps', script, ...args], {
    cwd: projectRoot,
    env,
    input,
    timeoutMs,
    runsToItsEnd: true,
  });
  if (result.code !== 0) throw new OperatorError(`"${args[0]}" failed:\n${result.output.trimEnd()}`);
  return result.stdout;
}

/**
 * Runs a command of the product on the caller's terminal, for as long as it takes.
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} its exit code
 */
export async function runAttached(args, env) {
  return (await attach('cli', args, env)) ?? 1;
}

/**
 * Runs a worker on the caller's terminal until it is told to stop; one that stops by itself, in order, is started again.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} its exit code
 */
export async function runWorker(env) {
  for (;;) {
    const code = await attach('worker', [], env);
    if (code !== 0 || interruption.aborted) return code ?? 1;
  }
}

/**
 * @param {'cli' | 'worker'} entry
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number | null>} its exit code; null if a signal ended it
 */
async function attach(entry, args, env) {
  const script = join(projectRoot, 'dist', `main.${entry}.js`);
  const child = spawn(process.execPath, ['--enable-source-maps', script, ...args], {
    cwd: projectRoot,
    env,
    stdio: 'inherit',
  });
  const interrupt = () => child.kill('SIGTERM');
  interruption.addEventListener('abort', interrupt);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code));
    });
  } finally {
    interruption.removeEventListener('abort', interrupt);
  }
}

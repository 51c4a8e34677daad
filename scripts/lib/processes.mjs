import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { atExit, interruption } from './interruption.mjs';

/** How long an interrupted program may take to end before it is killed. */
const INTERRUPT_GRACE_MS = 10_000;

/**
 * What tells a process from a later one that got the same pid.
 * @typedef {{ pid: number, started: string }} ProcessIdentity
 */

/**
 * The identity of a running process, or null when there is none (a zombie counts as none).
 * `started` is the boot and the start tick on Linux (proc(5), field 22), `ps -o lstart` elsewhere.
 * @param {number} pid
 * @returns {ProcessIdentity | null}
 */
export function identifyProcess(pid) {
  try {
    if (process.platform === 'linux') {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      if (fields[0] === 'Z' || fields[0] === 'X') return null;
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      return { pid, started: `${boot}/${fields[19]}` };
    }
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return started === '' ? null : { pid, started };
  } catch {
    return null;
  }
}

/**
 * @param {ProcessIdentity | null | undefined} identity
 * @returns {boolean} whether that very process still runs
 */
export function isRunning(identity) {
  if (!identity) return false;
  return identifyProcess(identity.pid)?.started === identity.started;
}

/**
 * @param {ProcessIdentity} identity
 * @param {NodeJS.Signals} signal
 */
export function signalProcess(identity, signal) {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/**
 * Asks a process to end and, past the deadline, kills it.
 * @param {ProcessIdentity} identity
 * @param {number} graceMs how long it may take to end by itself
 * @returns {Promise<boolean>} whether it ended by itself
 */
export async function stopProcess(identity, graceMs) {
  signalProcess(identity, 'SIGTERM');
  if (await waitUntil(() => !isRunning(identity), graceMs)) return true;
  signalProcess(identity, 'SIGKILL');
  await waitUntil(() => !isRunning(identity), 5_000);
  return false;
}

/**
 * Waits for a condition, asking about every 25 ms.
 * @param {() => boolean | Promise<boolean>} condition
 * @param {number} timeoutMs
 * @returns {Promise<boolean>} false when the time ran out
 */
export async function waitUntil(condition, timeoutMs) {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await delay(25);
  }
  return true;
}

/**
 * Runs a program to its end and collects what it wrote. Does not throw on a failing program; throws when this
 * command is interrupted meanwhile, after having interrupted the program and seen it end.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, input?: string, timeoutMs?: number, detached?: boolean,
 *   runsToItsEnd?: boolean, onSpawn?: (identity: ProcessIdentity) => void }} [options]
 *   `timeoutMs` kills the program; `detached` keeps the terminal's Ctrl-C from it; `runsToItsEnd` also keeps
 *   an interruption from it
 * @returns {Promise<{ code: number | null, stdout: string, output: string }>}
 *   `code` is null when it could not be started or was killed; `output` is stdout and stderr together
 */
export function runProgram(command, args, options = {}) {
  const { cwd, env, input = '', timeoutMs, detached = false, runsToItsEnd = false } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, detached: detached || runsToItsEnd, stdio: 'pipe' });
    let stdout = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => ((stdout += text), (output += text)));
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    /** @type {NodeJS.Timeout[]} */
    const timers = timeoutMs ? [setTimeout(() => child.kill('SIGKILL'), timeoutMs)] : [];
    const interrupt = () => {
      child.kill('SIGINT');
      timers.push(setTimeout(() => child.kill('SIGKILL'), INTERRUPT_GRACE_MS));
    };
    if (!runsToItsEnd) interruption.addEventListener('abort', interrupt);
    const forget = atExit(() => child.kill('SIGKILL'));
    const finish = (/** @type {number | null} */ code) => {
      for (const timer of timers) clearTimeout(timer);
      interruption.removeEventListener('abort', interrupt);
      forget();
      if (interruption.aborted && !runsToItsEnd) reject(interruption.reason);
      else resolve({ code, stdout, output });
    };
    child.on('error', (error) => {
      output += error.message;
      finish(null);
    });
    child.on('close', finish);
    const identity = child.pid === undefined ? null : identifyProcess(child.pid);
    if (identity) options.onSpawn?.(identity);
  });
}

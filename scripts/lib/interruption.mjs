/**
 * How a command ends early. A stop signal aborts `interruption`; whatever waits notices, throws Interrupted,
 * and the callers' `finally` blocks tidy up in order. What has to happen even on a crash is given to `atExit`.
 */

import { existsSync, readFileSync } from 'node:fs';

const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
const PARENT_CHECK_MS = 250;

const controller = new AbortController();
export const interruption = controller.signal;

/** Thrown by whatever was cut short by a stop signal. `exitCode` is the shell's convention for the signal. */
export class Interrupted extends Error {
  /** @param {number} exitCode */
  constructor(exitCode) {
    super('Interrupted.');
    this.exitCode = exitCode;
  }
}

/** Turns SIGINT, SIGTERM and SIGHUP into an interruption. */
export function listenForStopSignals() {
  for (const [signal, code] of Object.entries(EXIT_CODES)) {
    process.on(signal, () => controller.abort(new Interrupted(code)));
  }
}

/**
 * Started by npm, a command ends with it: npm killed outright passes no signal on. A command started by a
 * shell is left alone, since its parent may well end before it.
 */
export function followNpm() {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const npm = npmAbove(parent);
  setInterval(() => {
    if (process.ppid !== parent || (npm !== null && !existsSync(`/proc/${npm}`))) {
      controller.abort(new Interrupted(EXIT_CODES.SIGHUP));
    }
  }, PARENT_CHECK_MS).unref();
}

/**
 * npm runs a command through a shell, which may stand between the two.
 * @param {number} shell
 * @returns {number | null} the pid of an npm above it
 */
function npmAbove(shell) {
  try {
    const pid = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${shell}/status`, 'utf8'))?.[1]);
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('npm') ? pid : null;
  } catch {
    return null;
  }
}

export function throwIfInterrupted() {
  interruption.throwIfAborted();
}

/** @returns {Promise<Interrupted>} settles at the interruption */
export function untilInterrupted() {
  return new Promise((resolve) => {
    if (interruption.aborted) resolve(interruption.reason);
    interruption.addEventListener('abort', () => resolve(interruption.reason), { once: true });
  });
}

/** @type {Set<() => void>} */
const undoings = new Set();

/**
 * Registers something to be undone when the process ends, crash included. It cannot wait for anything.
 * The last registered runs first.
 * @param {() => void} undo
 * @returns {() => void} takes it back
 */
export function atExit(undo) {
  if (undoings.size === 0 && process.listenerCount('exit', undoAll) === 0) process.on('exit', undoAll);
  undoings.add(undo);
  return () => void undoings.delete(undo);
}

function undoAll() {
  for (const undo of [...undoings].toReversed()) {
    try {
      undo();
    } catch (error) {
      process.stderr.write(`${String(error)}\n`);
    }
  }
}

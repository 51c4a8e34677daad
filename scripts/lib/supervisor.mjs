import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readJson, writeFileAtomic } from './files.mjs';
import { interruption } from './interruption.mjs';
import { isRunning, stopProcess } from './processes.mjs';
import { describeError, say } from './terminal.mjs';

const RESTARTS_PER_MINUTE = 5;
const BACKOFF_MS = 250;

/**
 * A process as the supervisor sees it.
 * @typedef {object} RunningProcess
 * @property {import('./processes.mjs').ProcessIdentity} identity
 * @property {Promise<unknown>} exited
 * @property {() => void} kill
 * @property {(graceMs: number) => Promise<boolean>} stop ends it gracefully; false when it had to be killed
 */

/**
 * Keeps one process running: started again when it ends by itself, a little later each time, and given up
 * when that happens more than five times within a minute. A file in `run` says which process it is, so that
 * the next start finds it if this launcher is killed outright.
 */
export class Supervisor {
  #options;
  /** @type {RunningProcess | null} */
  #running = null;
  #isStopping = false;
  /** @type {number[]} */
  #endings = [];

  /**
   * @param {object} options
   * @param {string} options.name as in "api": also the name of its file in `run`
   * @param {string} options.runDirectory
   * @param {number} options.graceMs how long it may take to end when it is stopped
   * @param {(onSpawn: (running: RunningProcess) => void) => Promise<RunningProcess>} options.start
   *   settles when the process is ready; calls onSpawn as soon as there is one
   * @param {(message: string) => void} options.onGiveUp
   * @param {number} [options.backoffMs] the wait before the first of several restarts; each next is twice as long
   */
  constructor(options) {
    this.#options = options;
  }

  get name() {
    return this.#options.name;
  }

  /** @returns {Promise<void>} when the process is ready; throws when its first start fails */
  async start() {
    const running = await this.#startOnce();
    void this.#watch(running);
  }

  /** Ends the process, gracefully if it can, and does not start it again. */
  async stop() {
    this.#isStopping = true;
    const running = this.#running;
    if (running && isRunning(running.identity)) {
      const endedItself = await running.stop(this.#options.graceMs);
      if (!endedItself)
        say(`  ${this.name} did not end within ${this.#options.graceMs / 1000} s and was killed.`);
    }
    rmSync(this.#runFile, { force: true });
  }

  get #runFile() {
    return join(this.#options.runDirectory, `${this.name}.json`);
  }

  async #startOnce() {
    return await this.#options.start((running) => {
      this.#running = running;
      writeFileAtomic(this.#runFile, JSON.stringify({ ...running.identity, graceMs: this.#options.graceMs }));
      if (this.#isStopping) running.kill();
    });
  }

  /** @param {RunningProcess} running */
  async #watch(running) {
    await running.exited;
    while (!this.#isStopping) {
      const now = Date.now();
      this.#endings = [...this.#endings.filter((time) => now - time < 60_000), now];
      if (this.#endings.length > RESTARTS_PER_MINUTE) {
        this.#options.onGiveUp(`${this.name} ended ${this.#endings.length} times within a minute.`);
        return;
      }
      const { backoffMs: firstMs = BACKOFF_MS } = this.#options;
      const backoffMs = firstMs * 2 ** (this.#endings.length - 1);
      say(`  ${this.name} ended unexpectedly; starting it again in ${backoffMs / 1000} s.`);
      await delay(backoffMs, undefined, { signal: interruption }).catch(() => {});
      if (this.#isStopping || interruption.aborted) return;
      if (await this.#restart()) return;
    }
  }

  async #restart() {
    try {
      const running = await this.#startOnce();
      say(`  ${this.name} runs again.`);
      void this.#watch(running);
      return true;
    } catch (error) {
      if (!this.#isStopping) say(`  ${this.name}: ${describeError(error)}`);
      return false;
    }
  }
}

/** The order in which processes end: first those that use the others. */
const STOP_ORDER = ['api', 'worker', 'redis', 'mariadb'];

/**
 * Stops what a launcher that was killed left running.
 * @param {string} runDirectory
 * @returns {Promise<string[]>} the names of what ran
 */
export async function stopLeftovers(runDirectory) {
  const names = [];
  for (const name of STOP_ORDER) {
    const path = join(runDirectory, `${name}.json`);
    const record = readJson(path);
    if (record && isRunning(record)) {
      names.push(name);
      await stopProcess(record, record.graceMs);
    }
    rmSync(path, { force: true });
  }
  return names;
}

/**
 * @param {string} runDirectory
 * @returns {string[]} the names of the processes that run
 */
export function runningProcesses(runDirectory) {
  return STOP_ORDER.filter((name) => isRunning(readJson(join(runDirectory, `${name}.json`))));
}

import { join } from 'node:path';
import { startAppProcess, migrate } from './app-process.mjs';
import { build } from './build.mjs';
import { ensureAdministrator, printAddresses } from './credentials.mjs';
import { ensureSecret, removeLauncher, takeDataDirectory, writeLauncher } from './data-directory.mjs';
import { Interrupted, throwIfInterrupted, untilInterrupted } from './interruption.mjs';
import { formatLogLine, LogFile } from './log-files.mjs';
import { probePort } from './ports.mjs';
import { identifyProcess } from './processes.mjs';
import { startServers } from './product-servers.mjs';
import { stopLeftovers, Supervisor } from './supervisor.mjs';
import { OperatorError, say, step } from './terminal.mjs';

/** Beyond the app's own deadline for finishing what runs. */
const STOP_MARGIN_MS = 10_000;

/** @typedef {{ name: string, stop: () => Promise<void> }} Part something that has to be stopped */

/**
 * Runs one installation: its servers, the API and the worker, from its data directory, until it is told to
 * stop or cannot keep one of them running.
 */
export class Launcher {
  #settings;
  #options;
  /** @type {Part[]} in the order of their start; they stop in the opposite order */
  #parts = [];
  /** @type {LogFile[]} */
  #logs = [];
  #gaveUp = Promise.withResolvers();

  /**
   * @param {import('./environment.mjs').Settings} settings
   * @param {{ isVerbose: boolean, directories?: string[], mayInstall: boolean }} options
   *   `directories`: where server programs are looked up; `mayInstall`: whether the system's packages may be
   *   installed
   */
  constructor(settings, options) {
    this.#settings = settings;
    this.#options = options;
  }

  /**
   * @returns {Promise<number>} the exit code, when everything has ended
   * @throws {OperatorError} what kept it from starting
   */
  async run() {
    await takeDataDirectory(this.#settings.paths);
    this.#record('starting');
    let isReady = false;
    try {
      await this.#start();
      isReady = true;
      this.#record('ready');
      say('  Ctrl-C stops everything.\n');
      const reason = await Promise.race([this.#gaveUp.promise, untilInterrupted()]);
      if (!(reason instanceof Interrupted)) throw new OperatorError(`${String(reason)} Giving up.`);
      return 0;
    } catch (error) {
      if (error instanceof Interrupted && isReady) return 0;
      throw error;
    } finally {
      await this.#stop();
    }
  }

  async #start() {
    const settings = this.#settings;
    const leftovers = await stopLeftovers(settings.paths.run);
    if (leftovers.length > 0) say(`  Stopped what an earlier start left running: ${leftovers.join(', ')}.`);
    await requireFreePort(settings);
    const servers = await startServers({
      settings,
      directories: this.#options.directories,
      mayInstall: this.#options.mayInstall,
      register: (part) => this.#parts.push(part),
      onGiveUp: (message) => this.#gaveUp.resolve(message),
    });
    const env = this.#appEnvironment(servers);
    throwIfInterrupted();
    await build();
    await step('Migrating the database', () => migrate(env));
    throwIfInterrupted();
    const credentials = await step('Looking for the first administrator', () =>
      ensureAdministrator(settings, env),
    );
    throwIfInterrupted();
    await this.#startApp(env);
    printAddresses(settings.url, credentials);
  }

  /** @param {import('./product-servers.mjs').ServerUrls} servers */
  #appEnvironment({ databaseUrl, redisUrl }) {
    const { env, port, host, paths, secret, storageDir } = this.#settings;
    return {
      ...env,
      PORT: String(port),
      LOCKKEEPER_HOST: host,
      LOCKKEEPER_DATA_DIR: paths.root,
      LOCKKEEPER_STORAGE_DIR: storageDir,
      LOCKKEEPER_DATABASE_URL: databaseUrl,
      LOCKKEEPER_REDIS_URL: redisUrl,
      LOCKKEEPER_SECRET: secret ?? ensureSecret(paths),
    };
  }

  /** @param {NodeJS.ProcessEnv} env */
  async #startApp(env) {
    const { paths, startTimeoutMs, shutdownTimeoutMs } = this.#settings;
    const supervisors = /** @type {const} */ (['worker', 'api']).map((name) => {
      const log = this.#openLog(name);
      const supervisor = new Supervisor({
        name,
        runDirectory: paths.run,
        graceMs: shutdownTimeoutMs + STOP_MARGIN_MS,
        onGiveUp: (message) => this.#gaveUp.resolve(message),
        start: (onSpawn) =>
          startAppProcess({
            entry: name === 'api' ? 'http' : 'worker',
            env,
            log: log.descriptor,
            startTimeoutMs,
            onSpawn,
          }).catch((error) => {
            throw error instanceof OperatorError
              ? new OperatorError(describeFailure(name, error, log))
              : error;
          }),
      });
      this.#parts.push(supervisor);
      return supervisor;
    });
    await step('Starting API and worker', async () => {
      const results = await Promise.allSettled(supervisors.map((supervisor) => supervisor.start()));
      const failure = results.find((result) => result.status === 'rejected');
      if (failure) throw failure.reason;
    });
  }

  /** @param {string} name */
  #openLog(name) {
    const log = new LogFile(join(this.#settings.paths.logs, `${name}.log`), (line) => {
      const text = formatLogLine(name, line, this.#options);
      if (text !== null) say(text);
    });
    this.#logs.push(log);
    return log;
  }

  /** Ends everything that was started, users before what they use. */
  async #stop() {
    if (this.#parts.length > 0) {
      this.#record('stopping');
      say('\n  Stopping.');
      for (const part of this.#parts.toReversed()) await step(`Stopping ${part.name}`, () => part.stop());
    }
    for (const log of this.#logs) log.close();
    removeLauncher(this.#settings.paths);
  }

  /** @param {'starting' | 'ready' | 'stopping'} state */
  #record(state) {
    const identity = identifyProcess(process.pid);
    if (identity) writeLauncher(this.#settings.paths, { identity, state, url: this.#settings.url });
  }
}

/**
 * @param {string} name
 * @param {Error} error
 * @param {LogFile} log
 */
function describeFailure(name, error, log) {
  log.poll();
  return `The ${name === 'api' ? 'API' : name} ${error.message}. Its log: ${log.path}`;
}

/** @param {import('./environment.mjs').Settings} settings */
async function requireFreePort({ port, host }) {
  if ((await probePort(port, host)) !== null) return;
  throw new OperatorError(
    `${host}:${port} cannot be used: another program listens there, or the address is not this machine's.
Stop that program, or choose another port, as in: PORT=${port + 1} npm start`,
  );
}

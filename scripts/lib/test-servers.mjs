import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJson, writeFileAtomic } from './files.mjs';
import { atExit } from './interruption.mjs';
import { identifyProcess, isRunning, signalProcess, waitUntil } from './processes.mjs';
import { findBinaries, startMariadb, startRedis } from './services.mjs';

const PREFIX = 'lockkeeper-test-';

/**
 * @typedef {Pick<import('./services.mjs').Service, 'name' | 'identity' | 'kill'>} Killable
 *
 * @typedef {object} TestServers
 * @property {string} directory
 * @property {Record<string, string>} env LOCKKEEPER_TEST_DATABASE_URL (an account that may do everything) and
 *   LOCKKEEPER_TEST_REDIS_URL
 * @property {() => readonly Killable[]} processes MariaDB, Redis and what was adopted
 * @property {(process: Killable) => void} adopt has another process killed with the servers
 * @property {() => void} stop
 */

/**
 * Starts a MariaDB and a Redis for tests or benchmarks, in a fresh directory below the system's temporary
 * one. Both are killed and the directory is removed when this process ends; what an earlier run left behind
 * after a `kill -9` is removed first.
 *
 * @param {{ settings?: Record<string, string | number>, isRedisDurable?: boolean }} [options]
 *   `settings` are further lines of my.cnf
 * @returns {Promise<TestServers>}
 */
export async function startTestServers({ settings = {}, isRedisDurable = false } = {}) {
  await removeAbandoned();
  const directory = mkdtempSync(join(tmpdir(), PREFIX));
  /** @type {Killable[]} */
  const services = [];
  let isStopped = false;
  const stop = () => {
    if (isStopped) return;
    isStopped = true;
    for (const service of services) service.kill();
    killRun(directory);
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  };
  atExit(stop);
  const remember = (/** @type {Killable} */ service) => {
    services.push(service);
    writeOwner(directory, services);
    if (isStopped) service.kill();
  };
  writeOwner(directory, services);
  const binaries = findBinaries();
  const password = randomBytes(18).toString('hex');
  const [database, redis] = await Promise.all([
    startMariadb({
      binaries,
      directory: join(directory, 'mariadb'),
      user: 'test',
      password,
      settings: { performance_schema: 'OFF', ...settings },
      onSpawn: remember,
    }),
    startRedis({
      binaries,
      directory: join(directory, 'redis'),
      isDurable: isRedisDurable,
      databases: 4096,
      onSpawn: remember,
    }),
  ]);
  return {
    directory,
    env: {
      TEST_RUN_DIRECTORY: directory,
      LOCKKEEPER_TEST_DATABASE_URL: `mysql://test:${password}@127.0.0.1:${database.port}`,
      LOCKKEEPER_TEST_REDIS_URL: `redis://127.0.0.1:${redis.port}`,
    },
    processes: () => [...services],
    adopt: remember,
    stop,
  };
}

/**
 * @param {string} directory
 * @param {Killable[]} services
 */
function writeOwner(directory, services) {
  if (!existsSync(directory)) return;
  const owner = { owner: identifyProcess(process.pid), servers: services.map((service) => service.identity) };
  writeFileAtomic(join(directory, 'owner.json'), JSON.stringify(owner));
}

/** Stops and removes test servers whose owner is gone. */
async function removeAbandoned() {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const directory = join(tmpdir(), name);
    const record = readJson(join(directory, 'owner.json'));
    if (!record || isRunning(record.owner)) continue;
    for (const identity of record.servers) signalProcess(identity, 'SIGKILL');
    killRun(directory);
    await waitUntil(() => !record.servers.some(isRunning), 5_000);
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

/**
 * Kills what tests started and did not stop, when they were cut short (on Linux, where it can be told).
 * @param {string} directory
 */
function killRun(directory) {
  if (process.platform !== 'linux') return;
  const mark = `\0TEST_RUN_DIRECTORY=${directory}\0`;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      if (`\0${readFileSync(`/proc/${name}/environ`, 'utf8')}`.includes(mark))
        process.kill(Number(name), 'SIGKILL');
    } catch {
      // gone meanwhile, or another user's
    }
  }
}

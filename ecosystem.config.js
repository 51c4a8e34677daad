/**
 * What PM2 runs: the API as a cluster behind one port, and one worker. `npm run pm2 -- start` reads it; the
 * environment and `.env` set it (docs/deployment.md).
 */
import { availableParallelism } from 'node:os';

/** Beyond the product's own deadlines for starting and for finishing what runs. */
const MARGIN_MS = 10_000;
const MAX_API_INSTANCES = 4;

const startTimeoutMs = number('LOCKKEEPER_START_TIMEOUT_MS', 30_000);
const shutdownTimeoutMs = number('LOCKKEEPER_SHUTDOWN_TIMEOUT_MS', 25_000);

/** The heap ends below what PM2 restarts a process for, so that a leak shows as an error in our own log. */
const shared = {
  cwd: import.meta.dirname,
  node_args: '--max-old-space-size=1400 --enable-source-maps',
  max_memory_restart: '1500M',
  // The process says that it serves, so a reload ends the old one only when the new one does.
  wait_ready: true,
  listen_timeout: startTimeoutMs + MARGIN_MS,
  kill_timeout: shutdownTimeoutMs + MARGIN_MS,
  // A process that cannot start (MySQL is away, say) is tried again, at longer and longer intervals.
  exp_backoff_restart_delay: 500,
  // One log for all instances. No `time`: the lines are JSON, and carry their own.
  merge_logs: true,
  // Nothing of PM2's own runs inside our processes, and no version control is looked for.
  pmx: false,
  vizion: false,
};

export const apps = [
  { ...shared, name: 'api', script: 'dist/main.http.js', exec_mode: 'cluster', instances: apiInstances() },
  { ...shared, name: 'worker', script: 'dist/main.worker.js', exec_mode: 'fork' },
];

/** `PM2_API_INSTANCES`, or else all cores but two, which the worker and the servers use: at least 2, at most 4. */
function apiInstances() {
  const byCores = Math.min(MAX_API_INSTANCES, Math.max(2, availableParallelism() - 2));
  return number('PM2_API_INSTANCES', byCores);
}

/**
 * @param {string} name of an environment variable
 * @param {number} fallback
 */
function number(name, fallback) {
  const value = Number(process.env[name]?.trim() || fallback);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} must be a whole number above 0.`);
  return value;
}

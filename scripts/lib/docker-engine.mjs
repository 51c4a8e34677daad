/**
 * MySQL and Redis in containers. What docker/compose.yaml promises for this:
 * - services `mysql` and `redis`, each with a health check (`up --wait` waits for it) and a named volume;
 * - MySQL: database `lockkeeper`, user `lockkeeper`, password `${MYSQL_PASSWORD}`,
 *   published as `127.0.0.1:${MYSQL_PUBLISHED_PORT}:3306`;
 * - Redis: AOF, noeviction, published as `127.0.0.1:${REDIS_PUBLISHED_PORT}:6379`.
 * Compose reads the whole file whatever it starts, so that the variables it requires of an operator who runs
 * everything in Docker have to be there for these two services, too.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { runProgram } from './processes.mjs';
import { projectRoot } from './project.mjs';
import { OperatorError } from './terminal.mjs';

const COMPOSE_FILE = join(projectRoot, 'docker', 'compose.yaml');
/** Required by the file; a service that uses one of them for good is given its value. */
const REQUIRED_VARIABLES = ['MYSQL_PASSWORD', 'LOCKKEEPER_SECRET'];
const ANSWER_TIMEOUT_MS = 5_000;
/** The first start downloads the images. */
const UP_TIMEOUT_MS = 15 * 60_000;
const STOP_TIMEOUT_MS = 2 * 60_000;

/** @returns {Promise<boolean>} whether a Docker engine with the compose plugin answers */
export async function dockerAnswers() {
  const engine = await runProgram('docker', ['info'], { timeoutMs: ANSWER_TIMEOUT_MS });
  if (engine.code !== 0) return false;
  return (await runProgram('docker', ['compose', 'version'], { timeoutMs: ANSWER_TIMEOUT_MS })).code === 0;
}

/**
 * Starts containers and waits until they are healthy.
 * @param {string} dataDirectory whose containers they are: each installation has its own
 * @param {Array<'mysql' | 'redis'>} services
 * @param {Record<string, string>} variables for the compose file
 * @throws {OperatorError} with what Docker said
 */
export async function startContainers(dataDirectory, services, variables) {
  const result = await compose(dataDirectory, ['up', '-d', '--wait', ...services], UP_TIMEOUT_MS, variables);
  if (result.code !== 0)
    throw new OperatorError(
      `docker compose could not start ${services.join(' and ')}:\n${result.output.trimEnd()}`,
    );
}

/**
 * Stops containers; they and their volumes stay.
 * @param {string} dataDirectory
 * @param {Array<'mysql' | 'redis'>} services
 */
export async function stopContainers(dataDirectory, services) {
  await compose(dataDirectory, ['stop', ...services], STOP_TIMEOUT_MS, {});
}

/**
 * @param {string} dataDirectory
 * @param {string[]} args
 * @param {number} timeoutMs
 * @param {Record<string, string>} variables
 */
function compose(dataDirectory, args, timeoutMs, variables) {
  const project = `lockkeeper-${createHash('sha256').update(dataDirectory).digest('hex').slice(0, 8)}`;
  /** @type {Record<string, string | undefined>} */
  const env = { ...process.env, ...variables };
  for (const name of REQUIRED_VARIABLES) env[name] ||= 'not-used';
  return runProgram('docker', ['compose', '-f', COMPOSE_FILE, '-p', project, ...args], {
    env,
    timeoutMs,
    runsToItsEnd: args[0] === 'stop',
  });
}

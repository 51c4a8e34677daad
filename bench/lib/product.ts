import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/lib/ports.mjs';
import { identifyProcess, runProgram, stopProcess } from '../../scripts/lib/processes.mjs';
import { projectRoot } from '../../scripts/lib/project.mjs';
import type { BenchServers } from './servers.ts';

const START_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 30_000;
const CLI_TIMEOUT_MS = 120_000;

/** The built product on an installation of its own. */
export interface Product {
  /** Of all its processes. */
  environment: Record<string, string>;
  /** Starts an API process; `url` is where it listens. */
  startApi(name?: string): Promise<ProductProcess & { url: string }>;
  startWorker(name?: string): Promise<ProductProcess>;
}

export interface ProductProcess {
  name: string;
  pid: number;
  /** Lets it end as a deployment would, finishing what runs. */
  stop(): Promise<void>;
}

export interface ProductOptions {
  /** On top of what the installation needs. */
  environment?: Record<string, string>;
  profileDirectory?: string | undefined;
}

/**
 * Makes an installation with an up-to-date schema on which API and workers can be started, as many as wanted.
 * They write their log lines to files, as in production. It is no production installation only in that
 * the scripted models of the built-in provider are offered.
 */
export async function createProduct(servers: BenchServers, options: ProductOptions = {}): Promise<Product> {
  const { databaseUrl, redisUrl } = await servers.createInstallation();
  const environment = {
    PATH: process.env['PATH'] ?? '',
    NODE_ENV: 'test',
    LOCKKEEPER_DATABASE_URL: databaseUrl,
    LOCKKEEPER_REDIS_URL: redisUrl,
    ...options.environment,
  };
  await runCli(servers, environment, ['migrate']);
  const launch = (entry: string, name: string, extra: Record<string, string>) =>
    launchProcess(servers, {
      name,
      entry,
      environment: { ...environment, ...extra },
      profileDirectory: options.profileDirectory,
    });
  return {
    environment,
    startApi: async (name = 'API') => {
      const port = await freePort();
      return {
        ...(await launch('main.http.js', name, { PORT: String(port) })),
        url: `http://127.0.0.1:${port}`,
      };
    },
    startWorker: (name = 'worker') => launch('main.worker.js', name, {}),
  };
}

async function runCli(servers: BenchServers, env: NodeJS.ProcessEnv, args: string[]): Promise<void> {
  const { code, output } = await runProgram(process.execPath, [builtFile('main.cli.js'), ...args], {
    cwd: servers.directory,
    env,
    timeoutMs: CLI_TIMEOUT_MS,
  });
  if (code !== 0) throw new Error(`The command ${args.join(' ')} ended with ${code}:\n${output}`);
}

interface Launch {
  name: string;
  entry: string;
  environment: Record<string, string>;
  profileDirectory: string | undefined;
}

async function launchProcess(servers: BenchServers, launch: Launch): Promise<ProductProcess> {
  const { name, profileDirectory } = launch;
  const logPath = join(servers.directory, `${name}.log`);
  const log = openSync(logPath, 'a', 0o600);
  const profiling = profileDirectory ? ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`] : [];
  const child = spawn(process.execPath, [...profiling, '--enable-source-maps', builtFile(launch.entry)], {
    cwd: servers.directory,
    env: launch.environment,
    // In a session of its own: a Ctrl-C reaches the benchmark alone, which ends it.
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  if (child.pid === undefined) throw new Error(`${launch.entry} could not be started.`);
  const identity = identifyProcess(child.pid) ?? { pid: child.pid, started: 'gone' };
  servers.adopt({ name, identity, kill: () => void child.kill('SIGKILL') });
  await whenReady(child, name, logPath);
  return {
    name,
    pid: child.pid,
    stop: async () => {
      await stopProcess(identity, STOP_GRACE_MS);
    },
  };
}

async function whenReady(child: ChildProcess, name: string, logPath: string): Promise<void> {
  const signal = AbortSignal.timeout(START_TIMEOUT_MS);
  const ready = once(child, 'message', { signal }).then(() => 'ready');
  const ended = once(child, 'exit', { signal }).then(() => 'ended while it started');
  const first = await Promise.race([ready, ended]).catch(() => 'took too long to start');
  if (first !== 'ready') throw new Error(`The ${name} ${first}:\n${readFileSync(logPath, 'utf8')}`);
}

function builtFile(name: string): string {
  return join(projectRoot, 'dist', name);
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRunDirectory } from './run-directory.js';
import { createTestDatabase } from './test-database.js';
import { createTestRedis } from './test-redis.js';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
/** A machine that is busy with the processes of several tests takes its time. */
const START_TIMEOUT_MS = 90_000;

/** An API or worker as a process of its own, from the build. */
export interface ProductProcess {
  readonly child: ChildProcess;
  /** What it has written so far, for the message of a failed assertion. */
  readonly output: () => string;
  /** SIGTERM, and waits for the end. Returns the exit code. */
  readonly stop: () => Promise<number | null>;
  /** SIGKILL, and waits for the end. */
  readonly kill: () => Promise<void>;
}

/** The built product on a database and a Redis of its own. */
export interface Product {
  /** The environment of its processes. */
  readonly environment: Record<string, string>;
  startApi(settings?: Record<string, string>): Promise<ProductProcess & { url: string }>;
  startWorker(settings?: Record<string, string>): Promise<ProductProcess>;
  /** Runs an operator's command and returns its standard output. */
  runCommand(args: string[], input?: string): Promise<string>;
  /** Kills what still runs and drops the database. */
  dispose(): Promise<void>;
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || !address) throw new Error('No port.');
  return address.port;
}

/** A database that `settings` name has the schema already and is the test's own to remove. */
export async function createProduct(settings: Record<string, string> = {}): Promise<Product> {
  const database = settings['LOCKKEEPER_DATABASE_URL'] ? undefined : await createTestDatabase();
  const runDirectory = createRunDirectory();
  const environment = {
    NODE_ENV: 'test',
    ...(database && { LOCKKEEPER_DATABASE_URL: database.url }),
    LOCKKEEPER_REDIS_URL: await createTestRedis(),
    LOCKKEEPER_LOG_LEVEL: 'info',
    LOCKKEEPER_RUN_DIR: runDirectory.path,
    LOCKKEEPER_STORAGE_DIR: join(runDirectory.path, 'storage'),
    ...settings,
  };
  const children = new Set<ChildProcess>();
  const launch = async (entry: string, extra: Record<string, string>): Promise<ProductProcess> => {
    const child = launchProcess(entry, [], { ...environment, ...extra });
    children.add(child.child);
    await whenReady(child);
    return child;
  };
  return {
    environment,
    startApi: async (extra = {}) => {
      const port = extra['PORT'] ?? String(await freePort());
      const api = await launch('main.http.js', { PORT: port, ...extra });
      return { ...api, url: `http://127.0.0.1:${port}` };
    },
    startWorker: (extra = {}) => launch('main.worker.js', extra),
    runCommand: async (args, input = '') => {
      const command = launchProcess('main.cli.js', args, environment);
      command.child.stdin?.end(input);
      const [code] = (await once(command.child, 'close')) as [number | null];
      if (code !== 0)
        throw new Error(`The command ${args.join(' ')} ended with ${code}:\n${command.output()}`);
      return command.output();
    },
    dispose: async () => {
      await Promise.all([...children].map(killChild));
      await database?.drop();
      runDirectory.remove();
    },
  };
}

function launchProcess(entry: string, args: string[], environment: Record<string, string>): ProductProcess {
  const child = fork(`${DIST}${entry}`, args, {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  const logs = process.env['TEST_PROCESS_LOGS'];
  const note = (data: Buffer) => {
    output += data.toString();
    if (logs) appendFileSync(join(logs, `${entry}-${child.pid}.log`), data);
  };
  child.stdout?.on('data', note);
  child.stderr?.on('data', note);
  return {
    child,
    output: () => output,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      return child.exitCode;
    },
    kill: () => killChild(child),
  };
}

/** Runs an entry point that is to end by itself. */
export async function runEntry(entry: string, environment: Record<string, string>) {
  const startedAt = performance.now();
  const { child, output } = launchProcess(entry, [], environment);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: output(), durationMs: performance.now() - startedAt };
}

async function killChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function whenReady({ child, output }: ProductProcess): Promise<void> {
  const timeout = AbortSignal.timeout(START_TIMEOUT_MS);
  const ended = once(child, 'exit', { signal: timeout }).then(() => 'ended');
  const ready = once(child, 'message', { signal: timeout }).then(() => 'ready');
  const first = await Promise.race([ready, ended]).catch(() => 'late');
  if (first !== 'ready') throw new Error(`The process ${first} before it was ready:\n${output()}`);
}

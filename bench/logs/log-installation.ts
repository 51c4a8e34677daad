import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import type { BenchContext } from '../lib/benchmark.ts';
import { openServices } from '../lib/built-services.ts';
import { createProduct, type Product, type ProductProcess } from '../lib/product.ts';
import type { BenchServers } from '../lib/servers.ts';

export type ApiProcess = Awaited<ReturnType<Product['startApi']>>;

/** A migrated installation whose table of logs has its partitions, and ways to look at what is in it. */
export interface LogInstallation {
  servers: BenchServers;
  product: Product;
  services: Awaited<ReturnType<typeof openServices>>;
  databaseUrl: string;
  database: Connection;
  redis: Redis;
  /** Of an operator: it may send logs and read them. */
  apiKey: string;
  stop(): Promise<void>;
}

/** What Redis has counted. */
export interface QueueState {
  acceptedLines: number;
  waitingLines: number;
}

/** No measurement is refused for its backlog. */
const BACKLOG_BYTES = String(8 * 1024 ** 3);
/** So long that Redis is never taken for away on a machine that is only busy: that would measure something else. */
const REDIS_TIMEOUT_MS = '10000';
const STATE_KEY = '{logs:stream}:state';
const QUEUE_KEYS = ['logs:stream', STATE_KEY, '{logs:stream}:queued'];
const DRAIN_STALL_MS = 15_000;
const POLL_MS = 20;

export async function startLogs(context: BenchContext): Promise<LogInstallation> {
  const servers = await context.startServers();
  const product = await createProduct(servers, {
    profileDirectory: context.settings.profileDirectory,
    environment: {
      LOCKKEEPER_REDIS_COMMAND_TIMEOUT_MS: REDIS_TIMEOUT_MS,
      LOCKKEEPER_LOGS_BACKLOG_BYTES: BACKLOG_BYTES,
    },
  });
  const { environment } = product;
  const databaseUrl = environment['LOCKKEEPER_DATABASE_URL'] ?? '';
  const database = await createConnection({ uri: databaseUrl, timezone: 'Z' });
  // As MariaDB has it by itself, and MySQL has not.
  await database.query('SET GLOBAL local_infile = 1');
  const redis = new Redis(environment['LOCKKEEPER_REDIS_URL'] ?? '');
  const services = await openServices(environment);
  const installation = {
    servers,
    product,
    services,
    databaseUrl,
    database,
    redis,
    apiKey: await createOperatorKey(services),
    stop: async () => {
      redis.disconnect();
      await services.close();
      await database.end();
    },
  };
  await makePartitions(installation);
  return installation;
}

async function createOperatorKey({ users, apiKeys }: LogInstallation['services']): Promise<string> {
  const email = `bench-${randomBytes(8).toString('hex')}@example.com`;
  const password = randomBytes(12).toString('hex');
  const { id } = await users.createUser({ email, password, role: 'operator' });
  const { secret } = await apiKeys.createKey(id, { name: 'benchmark', scopes: ['logs:write', 'logs:read'] });
  return secret;
}

/** A worker makes the days' partitions when it starts: what is measured later is written to the same table. */
async function makePartitions({ product, database }: LogInstallation): Promise<void> {
  const worker = await product.startWorker();
  const deadline = performance.now() + DRAIN_STALL_MS;
  while ((await countPartitions(database)) < 2) {
    if (performance.now() > deadline) throw new Error('The worker made no partitions.');
    await delay(POLL_MS);
  }
  await worker.stop();
}

async function countPartitions(database: Connection): Promise<number> {
  const [[row]] = await database.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS n FROM information_schema.PARTITIONS
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'logs'`,
  );
  return Number(row?.['n']);
}

/** Starts so many API processes. */
export function startApis({ product }: LogInstallation, count: number): Promise<ApiProcess[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => product.startApi(`API ${index + 1}`)));
}

export async function stopAll(processes: readonly ProductProcess[]): Promise<void> {
  await Promise.all(processes.map((process) => process.stop()));
}

export async function readQueue({ redis }: LogInstallation): Promise<QueueState> {
  const [accepted, waiting] = await redis.hmget(STATE_KEY, 'accepted_lines', 'backlog_lines');
  return { acceptedLines: Number(accepted ?? 0), waitingLines: Number(waiting ?? 0) };
}

/** How many lines the transactions of writers have counted as stored. */
export async function countStored({ database }: LogInstallation): Promise<number> {
  const [[row]] = await database.query<RowDataPacket[]>(
    'SELECT COALESCE(SUM(stored_lines), 0) AS n FROM log_days',
  );
  return Number(row?.['n']);
}

/** Waits until nothing waits to be stored, or nothing has moved for long. */
export async function drainQueue(installation: LogInstallation): Promise<void> {
  let waiting = (await readQueue(installation)).waitingLines;
  for (let stalledAt = performance.now() + DRAIN_STALL_MS; waiting > 0;) {
    await delay(POLL_MS);
    const { waitingLines } = await readQueue(installation);
    if (waitingLines < waiting) stalledAt = performance.now() + DRAIN_STALL_MS;
    if (performance.now() > stalledAt) return;
    waiting = waitingLines;
  }
}

/** Throws away what was accepted and is not to be stored, while no writer runs. */
export async function emptyQueue({ redis }: LogInstallation): Promise<void> {
  await redis.unlink(...QUEUE_KEYS);
}

/** Empties the table of the lines, and only that. */
export async function emptyTable({ database }: LogInstallation): Promise<void> {
  await database.query('TRUNCATE TABLE logs');
}

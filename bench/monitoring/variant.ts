import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import type { BenchContext } from '../lib/benchmark.ts';
import { openServices } from '../lib/built-services.ts';
import type { Roles } from '../lib/cpu-costs.ts';
import { createProduct, type Product } from '../lib/product.ts';
import type { BenchServers } from '../lib/servers.ts';
import { type BenchUser, createUsers } from '../lib/users.ts';

/** Enough for any run. */
const MICRO_COINS = 1_000_000_000_000n;
const USERS = 8;
const STALL_MS = 15_000;
const POLL_MS = 20;

/** An API process and a worker on a database of their own, with or without monitoring. */
export interface Variant {
  readonly servers: BenchServers;
  readonly url: string;
  readonly users: readonly BenchUser[];
  /** Of an operator: it sends logs, and reads metrics and the live stream. */
  readonly operatorKey: string;
  readonly roles: Roles;
  /** Waits until so many turns are saved, or none has been for long. @returns how many are */
  awaitTurns(count: number): Promise<number>;
  /** Likewise of log lines. */
  awaitLines(count: number): Promise<number>;
  stop(): Promise<void>;
}

export async function startVariant(
  context: BenchContext,
  name: string,
  isMonitoringOn: boolean,
): Promise<Variant> {
  const servers = await context.startServers();
  const product = await createProduct(servers, {
    profileDirectory: context.settings.profileDirectory,
    environment: {
      LOCKKEEPER_MONITORING: String(isMonitoringOn),
      // So long that Redis is never taken for away on a machine that is only busy.
      LOCKKEEPER_REDIS_COMMAND_TIMEOUT_MS: '10000',
    },
  });
  const { environment } = product;
  const users = await createUsers(environment, USERS, MICRO_COINS);
  const operatorKey = await createOperatorKey(product);
  const [api, worker] = await Promise.all([
    product.startApi(`API ${name}`),
    product.startWorker(`worker ${name}`),
  ]);
  const database = await createConnection({ uri: environment['LOCKKEEPER_DATABASE_URL'] ?? '' });
  return {
    servers,
    url: api.url,
    users,
    operatorKey,
    roles: { api: [api.pid], worker: [worker.pid] },
    awaitTurns: (count) => awaitCount(database, 'SELECT COUNT(*) AS n FROM turns', count),
    awaitLines: (count) =>
      awaitCount(database, 'SELECT COALESCE(SUM(stored_lines), 0) AS n FROM log_days', count),
    stop: async () => {
      await database.end();
      await Promise.all([api, worker].map((process) => process.stop()));
    },
  };
}

async function createOperatorKey({ environment }: Product): Promise<string> {
  const services = await openServices(environment);
  const email = `operator-${randomBytes(8).toString('hex')}@example.com`;
  const password = randomBytes(12).toString('hex');
  const { id } = await services.users.createUser({ email, password, role: 'operator' });
  const { secret } = await services.apiKeys.createKey(id, {
    name: 'benchmark',
    scopes: ['logs:write', 'operations'],
  });
  await services.close();
  return secret;
}

async function awaitCount(database: Connection, sql: string, wanted: number): Promise<number> {
  let count = 0;
  for (let stalledAt = performance.now() + STALL_MS; ; await delay(POLL_MS)) {
    const [[row]] = await database.query<RowDataPacket[]>(sql);
    const now = Number(row?.['n']);
    if (now > count) stalledAt = performance.now() + STALL_MS;
    count = now;
    if (count >= wanted || performance.now() > stalledAt) return count;
  }
}

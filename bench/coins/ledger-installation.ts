import { randomUUID } from 'node:crypto';
import { type Connection, createConnection } from 'mysql2/promise';
import type { BenchContext } from '../lib/benchmark.ts';
import { openServices } from '../lib/built-services.ts';
import { createProduct } from '../lib/product.ts';
import type { BenchServers } from '../lib/servers.ts';
import { HOLD_MICRO_COINS } from './hold-writer.ts';
import type { HoldMeasurement } from './measure-holds.ts';

/** A migrated database, and the ledger's service on it in this process. */
export interface LedgerInstallation {
  servers: BenchServers;
  environment: Record<string, string>;
  databaseUrl: string;
  services: Awaited<ReturnType<typeof openServices>>;
  database: Connection;
  /** Accounts with more coins than any run can freeze. */
  createAccounts(count: number): Promise<string[]>;
  /** What callers were answered so far, by account. */
  frozen: ReadonlyMap<string, bigint>;
  /** Adds what callers were answered. */
  book(measurement: HoldMeasurement): void;
  /** What it opened itself; the services close with the writer that is made of them. */
  stop(): Promise<void>;
}

const MICRO_COINS_EACH = HOLD_MICRO_COINS * 1_000_000_000n;
const GRANTS_AT_ONCE = 500;

export async function startLedger(context: BenchContext): Promise<LedgerInstallation> {
  const servers = await context.startServers();
  const { environment } = await createProduct(servers);
  const databaseUrl = environment['LOCKKEEPER_DATABASE_URL'] ?? '';
  const services = await openServices(environment);
  const database = await createConnection({
    uri: databaseUrl,
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
  const frozen = new Map<string, bigint>();
  return {
    servers,
    environment,
    databaseUrl,
    services,
    database,
    createAccounts: (count) => createAccounts(services, count),
    frozen,
    book: (measurement) => {
      for (const [accountId, microCoins] of measurement.frozen) {
        frozen.set(accountId, (frozen.get(accountId) ?? 0n) + microCoins);
      }
    },
    stop: () => database.end(),
  };
}

async function createAccounts(
  { coins }: Awaited<ReturnType<typeof openServices>>,
  count: number,
): Promise<string[]> {
  const ids: string[] = [];
  const createOne = async () => {
    const accountId = randomUUID();
    await coins.grantCoins({
      accountId,
      amount: MICRO_COINS_EACH,
      reason: 'adjustment',
      actor: 'benchmark',
      idempotencyKey: accountId,
    });
    ids.push(accountId);
  };
  while (ids.length < count) {
    const group = Math.min(GRANTS_AT_ONCE, count - ids.length);
    await Promise.all(Array.from({ length: group }, createOne));
  }
  return ids;
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import type { BenchContext, Table } from '../lib/benchmark.ts';
import type { Goal } from '../lib/goals.ts';
import { createProduct, type Product } from '../lib/product.ts';
import type { BenchServers } from '../lib/servers.ts';

/** What a part of this benchmark has measured. */
export interface PartResult {
  tables: Table[];
  goals: Goal[];
}

/** A migrated installation with a storage of its own, and a connection to its database. */
export interface TaskInstallation {
  servers: BenchServers;
  product: Product;
  environment: Record<string, string>;
  database: Connection;
}

/** So long that Redis is never taken for away on a machine that is only busy: that would measure something else. */
const REDIS_TIMEOUT_MS = '10000';

/** @param settings on top of the product's defaults */
export async function createInstallation(
  context: BenchContext,
  settings: Record<string, string> = {},
): Promise<TaskInstallation> {
  const servers = await context.startServers();
  const storage = join(servers.directory, `files-${Date.now()}`);
  mkdirSync(storage, { recursive: true });
  const product = await createProduct(servers, {
    profileDirectory: context.settings.profileDirectory,
    environment: {
      LOCKKEEPER_REDIS_COMMAND_TIMEOUT_MS: REDIS_TIMEOUT_MS,
      LOCKKEEPER_STORAGE_DIR: storage,
      ...settings,
    },
  });
  const { environment } = product;
  const database = await createConnection({
    uri: environment['LOCKKEEPER_DATABASE_URL'] ?? '',
    timezone: 'Z',
  });
  return { servers, product, environment, database };
}

/** What has been measured is not to be kept in memory, or written, while the next is. */
export async function removeInstallation({ database, environment }: TaskInstallation): Promise<void> {
  await database.query('DROP DATABASE ??', [
    new URL(environment['LOCKKEEPER_DATABASE_URL'] ?? '').pathname.slice(1),
  ]);
  await database.end();
}

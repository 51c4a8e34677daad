import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import type { BenchContext } from '../lib/benchmark.ts';
import { openServices } from '../lib/built-services.ts';
import { createProduct, type Product } from '../lib/product.ts';
import type { BenchServers } from '../lib/servers.ts';
import { MESSAGES_A_TURN } from './bench-turns.ts';

/** A migrated installation, the services of one more process on it, and ways to look at what is saved. */
export interface SaveInstallation {
  servers: BenchServers;
  product: Product;
  environment: Readonly<Record<string, string>>;
  databaseUrl: string;
  redisUrl: string;
  services: Awaited<ReturnType<typeof openServices>>;
  database: Connection;
  stop(): Promise<void>;
}

/** Conversations of one owner, who has no others, so that what is saved in them can be counted cheaply. */
export interface ConversationSet {
  ownerId: string;
  ids: readonly string[];
}

/** In seconds: the shortest the server can have, a fiftieth of InnoDB's own 50. */
export const LOCK_WAIT_SECONDS = 1;
/** So long that Redis is never taken for away on a machine that is only busy: that would measure something else. */
const REDIS_TIMEOUT_MS = '10000';
const INSERT_AT_ONCE = 1_000;
const SAVE_STALL_MS = 15_000;
const POLL_MS = 20;

export async function startSaves(context: BenchContext): Promise<SaveInstallation> {
  const servers = await context.startServers();
  const product = await createProduct(servers, {
    profileDirectory: context.settings.profileDirectory,
    environment: { LOCKKEEPER_REDIS_COMMAND_TIMEOUT_MS: REDIS_TIMEOUT_MS },
  });
  const { environment } = product;
  const databaseUrl = environment['LOCKKEEPER_DATABASE_URL'] ?? '';
  const database = await createConnection({ uri: databaseUrl, timezone: 'Z' });
  await database.query('SET GLOBAL innodb_lock_wait_timeout = ?', [LOCK_WAIT_SECONDS]);
  const services = await openServices(environment);
  return {
    servers,
    product,
    environment,
    databaseUrl,
    redisUrl: environment['LOCKKEEPER_REDIS_URL'] ?? '',
    services,
    database,
    stop: async () => {
      await services.close();
      await database.end();
    },
  };
}

/** Makes empty conversations. @param ownerId a new owner if undefined */
export async function createConversations(
  database: Connection,
  count: number,
  ownerId: string = randomUUID(),
): Promise<ConversationSet> {
  const ids = Array.from({ length: count }, () => randomUUID());
  const now = new Date();
  for (let from = 0; from < count; from += INSERT_AT_ONCE) {
    await database.query(
      'INSERT INTO conversations (id, owner_id, title, created_at, last_activity_at) VALUES ?',
      [ids.slice(from, from + INSERT_AT_ONCE).map((id) => [id, ownerId, 'Benchmark', now, now])],
    );
  }
  return { ownerId, ids };
}

/** How many turns of an owner are committed. Their saves count them in the same transaction. */
export async function countSaved(database: Connection, { ownerId }: ConversationSet): Promise<number> {
  const [[row]] = await database.query<RowDataPacket[]>(
    'SELECT SUM(message_count) AS messages FROM conversations WHERE owner_id = ?',
    [ownerId],
  );
  return Number(row?.['messages']) / MESSAGES_A_TURN;
}

/** Waits until so many turns of an owner are saved, or none has been for long. @returns how many are. */
export async function waitForSaved(
  database: Connection,
  conversations: ConversationSet,
  wanted: number,
): Promise<number> {
  let saved = await countSaved(database, conversations);
  for (let stalledAt = performance.now() + SAVE_STALL_MS; saved < wanted;) {
    await delay(POLL_MS);
    const now = await countSaved(database, conversations);
    if (now > saved) stalledAt = performance.now() + SAVE_STALL_MS;
    if (performance.now() > stalledAt) return now;
    saved = now;
  }
  return saved;
}

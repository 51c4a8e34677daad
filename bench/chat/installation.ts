import { Redis } from 'ioredis';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { waitUntil } from '../../scripts/lib/processes.mjs';
import type { BenchContext } from '../lib/benchmark.ts';
import { ProcessMeter } from '../lib/process-meter.ts';
import { createProduct } from '../lib/product.ts';
import { Samples } from '../lib/samples.ts';
import { type BenchUser, createUsers } from '../lib/users.ts';

const USERS = 50;
const QUICK_USERS = 10;
/** Enough for any run. */
const MICRO_COINS_EACH = 1_000_000_000_000n;
/** How long the worker may be at it without saving a turn. */
const SAVE_STALL_MS = 15_000;

/** One API process, one worker and users, and the ways to look at them. */
export interface ChatInstallation {
  apiUrl: string;
  users: readonly BenchUser[];
  database: Connection;
  meter: ProcessMeter;
  grantedMicroCoins: bigint;
  /** What the servers have been asked so far, not counting what the benchmark asks. */
  countAsked(): Promise<Asked>;
  /** How many turns are saved now. */
  countSaved(): Promise<number>;
  /** Waits until so many turns are saved, or none has been for long. @returns how many are. */
  waitForSaves(count: number): Promise<number>;
  /** From the finish of a turn to its writing, in milliseconds, for the turns saved since `since` (database time). */
  saveLags(since: Date): Promise<Samples>;
  stop(): Promise<void>;
}

/** Figures that do not depend on how busy the machine is. */
export interface Asked {
  mysqlStatements: number;
  /** Those inside scripts included. */
  redisCommands: number;
}

export async function startInstallation(context: BenchContext): Promise<ChatInstallation> {
  const servers = await context.startServers();
  const { profileDirectory, isQuick } = context.settings;
  const userCount = isQuick ? QUICK_USERS : USERS;
  const product = await createProduct(servers, { profileDirectory });
  context.report(`Making ${userCount} users`);
  const users = await createUsers(product.environment, userCount, MICRO_COINS_EACH);
  context.report('Starting the API and the worker');
  const api = await product.startApi();
  const worker = await product.startWorker();
  const meter = new ProcessMeter(new Map([...servers.pids(), ['load generator', process.pid]]));
  const database = await createConnection({
    uri: product.environment['LOCKKEEPER_DATABASE_URL'] ?? '',
    timezone: 'Z',
  });
  const redis = new Redis(product.environment['LOCKKEEPER_REDIS_URL'] ?? '');
  const countSaved = () => countTurns(database);
  return {
    apiUrl: api.url,
    users,
    database,
    meter,
    grantedMicroCoins: MICRO_COINS_EACH * BigInt(userCount),
    countAsked: async () => ({
      mysqlStatements: await countStatements(database),
      redisCommands: await countCommands(redis),
    }),
    countSaved,
    waitForSaves: (count) => waitForSaves(countSaved, count),
    saveLags: (since) => readSaveLags(database, since),
    stop: async () => {
      meter.stop();
      redis.disconnect();
      await database.end();
      await Promise.all([api, worker].map((process) => process.stop()));
    },
  };
}

async function countStatements(database: Connection): Promise<number> {
  const questions = async (scope: 'GLOBAL' | 'SESSION') => {
    const [[row]] = await database.query<RowDataPacket[]>(`SHOW ${scope} STATUS LIKE 'Questions'`);
    return Number(row?.['Value']);
  };
  return (await questions('GLOBAL')) - (await questions('SESSION'));
}

async function countCommands(redis: Redis): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1]);
}

async function countTurns(database: Connection): Promise<number> {
  const [[row]] = await database.query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM turns');
  return Number(row?.['n']);
}

async function waitForSaves(countSaved: () => Promise<number>, wanted: number): Promise<number> {
  let saved = 0;
  let lastProgressAt = performance.now();
  await waitUntil(async () => {
    const before = saved;
    saved = await countSaved();
    if (saved > before) lastProgressAt = performance.now();
    return saved >= wanted || performance.now() - lastProgressAt > SAVE_STALL_MS;
  }, Number.MAX_SAFE_INTEGER);
  return saved;
}

async function readSaveLags(database: Connection, since: Date): Promise<Samples> {
  const [rows] = await database.query<RowDataPacket[]>(
    'SELECT TIMESTAMPDIFF(MICROSECOND, finished_at, saved_at) / 1000 AS lag_ms FROM turns WHERE saved_at >= ?',
    [since],
  );
  const lags = new Samples();
  for (const row of rows) lags.add(Number(row['lag_ms']));
  return lags;
}

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { findBinaries, startRedis } from '../../scripts/lib/services.mjs';
import { configDefinitions } from '../../src/app.config.js';
import { loadConfig } from '../../src/platform/config/index.js';
import { waitForDependencies } from '../../src/platform/process/index.js';
import { createTcpProxy } from '../factories/tcp-proxy.js';
import { createEmptyDatabase } from '../factories/test-database.js';
import { createTestRedis } from '../factories/test-redis.js';

const START_TIMEOUT_MS = 600;

/** Takes connections and never says a word. */
async function createSilentServer() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: async () => void server.close() };
}

async function closedPort(): Promise<number> {
  await using server = await createSilentServer();
  return server.port;
}

/** A Redis of its own that may throw away what it holds. */
async function startEvictingRedis() {
  const directory = await mkdtemp(join(tmpdir(), 'redis-'));
  const service = await startRedis({ binaries: findBinaries(), directory, isDurable: false });
  const url = `redis://127.0.0.1:${service.port}/0`;
  const client = new Redis(url);
  await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await client.quit();
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      service.kill();
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** Waits as a process does that starts, and tells how long it took and what was said meanwhile. */
async function start(databaseUrl: string, redisUrl: string, timeoutMs = START_TIMEOUT_MS) {
  const config = loadConfig(
    {
      LOCKKEEPER_DATABASE_URL: databaseUrl,
      LOCKKEEPER_REDIS_URL: redisUrl,
      LOCKKEEPER_START_TIMEOUT_MS: String(timeoutMs),
    },
    configDefinitions,
  );
  const lines: string[] = [];
  const startedAt = performance.now();
  const error = await waitForDependencies(config, (line) => lines.push(line)).then(
    () => undefined,
    (thrown: Error) => thrown.message,
  );
  return { error, lines, durationMs: performance.now() - startedAt };
}

describe('a process that starts', () => {
  it('goes on as soon as MySQL and Redis answer', async () => {
    const database = await createEmptyDatabase();
    const mysql = await createTcpProxy(database.url);
    await mysql.cut();
    const started = start(mysql.url, await createTestRedis(), 20_000);
    await mysql.restore();
    expect(await started).toMatchObject({ error: undefined });
    await mysql.cut();
    await database.drop();
  });

  it('tells host and port of what does not answer, at once and when its time is up', async () => {
    const port = await closedPort();
    const database = await createEmptyDatabase();
    const redis = await start(database.url, `redis://:secret@127.0.0.1:${port}/0`);
    expect(redis.error).toMatch(`Redis at 127.0.0.1:${port} did not answer for 0.6 s: `);
    expect(redis.lines).toEqual([expect.stringMatching(`^Waiting for Redis at 127.0.0.1:${port}: `)]);
    const mysql = await start(`mysql://user:secret@127.0.0.1:${port}/x`, await createTestRedis());
    expect(mysql.error).toMatch(`MySQL at 127.0.0.1:${port} did not answer for 0.6 s: `);
    expect([redis.error, redis.lines, mysql.error, mysql.lines].join()).not.toContain('secret');
    await database.drop();
  });

  it.each(['MySQL', 'Redis'])(
    'does not wait longer for a %s that takes connections and is silent',
    async (which) => {
      await using silent = await createSilentServer();
      const database = await createEmptyDatabase();
      const { error, durationMs } =
        which === 'MySQL'
          ? await start(`mysql://user@127.0.0.1:${silent.port}/x`, await createTestRedis())
          : await start(database.url, `redis://127.0.0.1:${silent.port}/0`);
      expect(error).toMatch(`${which} at 127.0.0.1:${silent.port} did not answer`);
      expect(durationMs).toBeLessThan(START_TIMEOUT_MS + 2_500);
      await database.drop();
    },
  );

  it('refuses a Redis that evicts, at once, and tells the mend', async () => {
    await using redis = await startEvictingRedis();
    const database = await createEmptyDatabase();
    const { error, durationMs } = await start(database.url, redis.url, 20_000);
    expect(error).toMatch(/evicts \(maxmemory-policy allkeys-lru\).*Set `maxmemory-policy noeviction`/);
    expect(durationMs).toBeLessThan(5_000);
    await database.drop();
  });
});

import { createConnection } from 'mysql2/promise';
import { startTestServers, type Killable } from '../../scripts/lib/test-servers.mjs';

/** A private MariaDB and Redis that lose nothing they have acknowledged but, in Redis, the last second. */
export interface BenchServers {
  /** Where they keep their files; removed with them. */
  directory: string;
  /** Makes an empty database and takes a Redis database nobody uses: the environment of an installation on them. */
  createInstallation(): Promise<{ databaseUrl: string; redisUrl: string }>;
  /** Has a process killed when the benchmark ends, however it ends. */
  adopt(process: Killable): void;
  /** The servers, and what was adopted, by their names. */
  pids(): Map<string, number>;
  /** Kills all of it and removes its files. */
  stop(): void;
}

/** As a production server is set up, apart from its size: every commit is flushed, Redis's AOF each second. */
const DURABLE_SETTINGS = {
  innodb_flush_log_at_trx_commit: 1,
  innodb_buffer_pool_size: '1G',
  innodb_log_file_size: '256M',
};

export async function startBenchServers(): Promise<BenchServers> {
  const servers = await startTestServers({ settings: DURABLE_SETTINGS, isRedisDurable: true });
  const databaseUrl = servers.env['LOCKKEEPER_TEST_DATABASE_URL'] ?? '';
  const redisUrl = servers.env['LOCKKEEPER_TEST_REDIS_URL'] ?? '';
  let installations = 0;
  return {
    directory: servers.directory,
    adopt: servers.adopt,
    stop: servers.stop,
    pids: () => new Map(servers.processes().map(({ name, identity }) => [name, identity.pid])),
    createInstallation: async () => {
      const number = ++installations;
      const name = `bench_${number}`;
      const connection = await createConnection(databaseUrl);
      await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
      await connection.end();
      return { databaseUrl: `${databaseUrl}/${name}`, redisUrl: `${redisUrl}/${number}` };
    },
  };
}

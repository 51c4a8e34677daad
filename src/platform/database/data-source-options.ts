import type { DataSourceOptions } from 'typeorm';
import type { ConfigOf } from '../config/index.js';
import type { databaseConfig } from './database.config.js';

/**
 * How we speak to MySQL and MariaDB: UTC, utf8mb4, 64-bit integers as strings (a double would round them),
 * READ COMMITTED (fewer gap locks, and no error 1020 on newer MariaDB; see `transactions.ts`).
 */
export function dataSourceOptions(config: ConfigOf<typeof databaseConfig>): DataSourceOptions {
  const { user, connectionLimit, queueLimit, enableKeepAlive, ...options } = connectionOptions(config);
  return {
    // TypeORM's name for the dialect that both servers speak; the driver is mysql2.
    type: 'mariadb',
    ...options,
    username: user,
    synchronize: false,
    migrationsRun: false,
    migrationsTableName: 'migrations',
    extra: { connectionLimit, queueLimit, enableKeepAlive },
  };
}

/** The same in the words of mysql2. */
export function connectionOptions(config: ConfigOf<typeof databaseConfig>) {
  const url = new URL(config.url);
  return {
    host: url.hostname,
    port: Number(url.port || 3306),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    charset: 'utf8mb4_unicode_ci',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: true,
    connectTimeout: config.connectTimeoutMs,
    connectionLimit: config.poolSize,
    // A request that waits longer than this for a connection is refused rather than piled up.
    queueLimit: config.poolSize * 50,
    enableKeepAlive: true,
  };
}

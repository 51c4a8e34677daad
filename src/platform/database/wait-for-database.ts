import { DataSource } from 'typeorm';
import type { ConfigOf } from '../config/index.js';
import { dataSourceOptions } from './data-source-options.js';
import type { databaseConfig } from './database.config.js';

/** Where the database is, without its password. */
export function databaseAddress(config: ConfigOf<typeof databaseConfig>): string {
  const url = new URL(config.url);
  return `MySQL at ${url.hostname}:${url.port || 3306}`;
}

/** Opens one connection and closes it. @throws the driver's error. */
export async function tryDatabase(config: ConfigOf<typeof databaseConfig>): Promise<void> {
  const dataSource = new DataSource({ ...dataSourceOptions(config), entities: [], logging: false });
  await dataSource.initialize();
  await dataSource.destroy();
}

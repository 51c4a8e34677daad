import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/platform/database/data-source-options.js';
import { databaseConfig, migrateDatabase, Transactions } from '../../src/platform/database/index.js';
import { loadConfig } from '../../src/platform/config/index.js';

/** A database of a test file's own, with the schema of the migrations. */
export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

function serverUrl(): string {
  const url = process.env['LOCKKEEPER_TEST_DATABASE_URL'];
  if (!url)
    throw new Error(
      'LOCKKEEPER_TEST_DATABASE_URL is unset: run tests with `npm test`, or `npm run services`.',
    );
  return url;
}

/** Creates an empty database under a random name. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const name = `lk_${randomBytes(8).toString('hex')}`;
  const server = await createConnection(serverUrl());
  await server.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
  await server.end();
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  return {
    url: url.toString(),
    drop: async () => {
      const connection = await createConnection(serverUrl());
      await connection.query(`DROP DATABASE IF EXISTS ${name}`);
      await connection.end();
    },
  };
}

/** Creates a database and migrates it. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const database = await createEmptyDatabase();
  const config = loadConfig({ LOCKKEEPER_DATABASE_URL: database.url }, [databaseConfig]);
  await migrateDatabase(config.get(databaseConfig));
  return database;
}

/** A connection pool of a test's own, to look at rows past the product. */
export async function openDatabase(url: string): Promise<Transactions & AsyncDisposable> {
  const config = loadConfig({ LOCKKEEPER_DATABASE_URL: url }, [databaseConfig]);
  const dataSource = await new DataSource(dataSourceOptions(config.get(databaseConfig))).initialize();
  return Object.assign(new Transactions(dataSource), {
    [Symbol.asyncDispose]: () => dataSource.destroy(),
  });
}

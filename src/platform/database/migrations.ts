import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import type { ConfigOf } from '../config/index.js';
import { dataSourceOptions } from './data-source-options.js';
import type { databaseConfig } from './database.config.js';
import { migrationsFolder } from './migrations-folder.js';

/** `1700000000001-create-users.sql`: the time that orders it, and its one concern. */
const FILE_NAME = /^(\d{13})-([a-z0-9-]+)\.sql$/;

/** The lock that keeps two release steps from migrating one database at once. Its name is known to the whole server. */
const LOCK_NAME = `CONCAT('lockkeeper.migrate.', LEFT(SHA1(DATABASE()), 16))`;
const LOCK_WAIT_SECONDS = 60;

type MigrationClass = new () => MigrationInterface;

/**
 * Turns each file of plain SQL in a folder into a TypeORM migration. There is no way down: a released
 * migration is never edited, a mistake is mended by a later one.
 * @throws if a file in the folder is not named `<13 digits>-<concern>.sql`.
 */
export async function loadMigrations(folder: string): Promise<MigrationClass[]> {
  const files = (await readdir(folder)).sort();
  return Promise.all(
    files.map(async (file) => {
      const match = FILE_NAME.exec(file);
      if (!match) throw new Error(`migrations/${file} is not named <13 digits>-<concern>.sql`);
      const statements = splitStatements(await readFile(join(folder, file), 'utf8'));
      return migrationClass(`${match[2]}${match[1]}`, statements);
    }),
  );
}

function migrationClass(name: string, statements: readonly string[]): MigrationClass {
  return class implements MigrationInterface {
    name = name;

    async up(queryRunner: QueryRunner): Promise<void> {
      for (const statement of statements) await queryRunner.query(statement);
    }

    down(): Promise<void> {
      return Promise.reject(new Error('Migrations only go forward; write a new one.'));
    }
  };
}

/** Statements end with a semicolon at the end of a line; comments are lines that begin with two dashes. */
function splitStatements(sql: string): string[] {
  return sql
    .split('\n')
    .filter((line) => !line.startsWith('--'))
    .join('\n')
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement.length > 0);
}

/**
 * Brings a database up to this build: applies what is missing, in order. Safe to run twice and from several
 * machines at once.
 * @returns the names of the migrations applied now.
 */
export async function migrateDatabase(config: ConfigOf<typeof databaseConfig>): Promise<string[]> {
  const dataSource = new DataSource({
    ...dataSourceOptions(config),
    migrations: await loadMigrations(migrationsFolder()),
  });
  await dataSource.initialize();
  try {
    return await runMigrations(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

async function runMigrations(dataSource: DataSource): Promise<string[]> {
  const holder = dataSource.createQueryRunner();
  try {
    const [row] = (await holder.query(`SELECT GET_LOCK(${LOCK_NAME}, ?) AS is_mine`, [
      LOCK_WAIT_SECONDS,
    ])) as [{ is_mine: string | number | null }];
    if (Number(row.is_mine) !== 1) {
      throw new Error(
        `Another process has been migrating this database for over ${LOCK_WAIT_SECONDS} seconds.`,
      );
    }
    // MySQL commits at every DDL statement, so a transaction around a migration would promise what it cannot keep.
    const applied = await dataSource.runMigrations({ transaction: 'none' });
    return applied.map((migration) => migration.name);
  } finally {
    await holder.query(`SELECT RELEASE_LOCK(${LOCK_NAME})`).catch(() => undefined);
    await holder.release();
  }
}

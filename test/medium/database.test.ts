import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/platform/config/index.js';
import { loadMigrations } from '../../src/platform/database/migrations.js';
import {
  databaseConfig,
  isDuplicateKey,
  migrateDatabase,
  type Transaction,
} from '../../src/platform/database/index.js';
import { createTestApp } from '../factories/test-app.js';
import { createEmptyDatabase, openDatabase, type TestDatabase } from '../factories/test-database.js';

function configOf(database: TestDatabase) {
  return loadConfig({ LOCKKEEPER_DATABASE_URL: database.url }, [databaseConfig]).get(databaseConfig);
}

function append(transaction: Transaction, id: string, text: string): Promise<unknown> {
  return transaction.query('UPDATE notes SET text = CONCAT(text, ?) WHERE id = ?', [text, id]);
}

describe('a transaction', () => {
  let database: TestDatabase;
  let transactions: Awaited<ReturnType<typeof openDatabase>>;
  beforeAll(async () => {
    database = await createEmptyDatabase();
    transactions = await openDatabase(database.url);
    await transactions.single.query('CREATE TABLE notes (id CHAR(36) PRIMARY KEY, text VARCHAR(20))');
  });
  afterAll(async () => {
    await transactions[Symbol.asyncDispose]();
    await database.drop();
  });

  async function insert(...ids: string[]) {
    for (const id of ids) await transactions.single.query('INSERT INTO notes VALUES (?, ?)', [id, 'new']);
  }
  const textOf = async (id: string): Promise<string | undefined> => {
    const rows: { text: string }[] = await transactions.single.query('SELECT text FROM notes WHERE id = ?', [
      id,
    ]);
    return rows[0]?.text;
  };

  it('that is the victim of a deadlock runs again, and both take effect once', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    await insert(first, second);
    const bothHaveOne = Promise.withResolvers<void>();
    let holders = 0;
    let runs = 0;
    const update = (ids: string[], text: string) =>
      transactions.run(async (transaction) => {
        runs++;
        for (const id of ids) {
          await append(transaction, id, text);
          if (++holders === 2) bothHaveOne.resolve();
          await bothHaveOne.promise;
        }
      });
    await Promise.all([update([first, second], 'a'), update([second, first], 'b')]);
    expect(runs).toBe(3);
    expect(['newab', 'newba']).toContain(await textOf(first));
    expect(['newab', 'newba']).toContain(await textOf(second));
  });

  it('that meets a conflict each time gives up, and leaves nothing', async () => {
    const id = randomUUID();
    await insert(id);
    let runs = 0;
    const conflicting = transactions.run(async (transaction) => {
      runs++;
      await append(transaction, id, 'x');
      await transaction.query(`SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'deadlock'`);
    });
    await expect(conflicting).rejects.toThrow('deadlock');
    expect(runs).toBe(8);
    expect(await textOf(id)).toBe('new');
  });

  it('that fails for another reason runs once, and leaves nothing', async () => {
    const [id, taken] = [randomUUID(), randomUUID()];
    await insert(taken);
    let runs = 0;
    const failing = transactions.run(async (transaction) => {
      runs++;
      await transaction.query('INSERT INTO notes VALUES (?, ?)', [id, 'x']);
      await transaction.query('INSERT INTO notes VALUES (?, ?)', [taken, 'x']);
    });
    await expect(failing).rejects.toSatisfy(isDuplicateKey);
    expect(runs).toBe(1);
    expect(await textOf(id)).toBeUndefined();
  });
});

describe('migrations', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    'create-users.sql',
    '1763776800001-Create.sql',
    '1763776800001-create-users.sql.orig',
    'notes.md',
  ])('are refused with a file that is called %s', async (name) => {
    await writeFile(join(folder, name), 'SELECT 1;');
    await expect(loadMigrations(folder)).rejects.toThrow(
      `migrations/${name} is not named <13 digits>-<concern>.sql`,
    );
    await rm(join(folder, name));
  });

  it('are applied once though they are run twice and by several at once', async () => {
    const database = await createEmptyDatabase();
    const runs = await Promise.all(Array.from({ length: 3 }, () => migrateDatabase(configOf(database))));
    const [applied = [], ...others] = runs.sort((a, b) => b.length - a.length);
    expect(applied).toContain('create-conversations1763776820001');
    expect(others).toEqual([[], []]);
    expect(await migrateDatabase(configOf(database))).toEqual([]);
    await database.drop();
  });

  it('do not wait for those of another database on the same server', async () => {
    const [busy, free] = [await createEmptyDatabase(), await createEmptyDatabase()];
    await using other = await openDatabase(busy.url);
    await migrateDatabase(configOf(busy));
    await other.run(async (transaction) => {
      await transaction.query('LOCK TABLES migrations WRITE');
      const waiting = migrateDatabase(configOf(busy));
      expect((await migrateDatabase(configOf(free))).length).toBeGreaterThan(0);
      await transaction.query('UNLOCK TABLES');
      expect(await waiting).toEqual([]);
    });
    await Promise.all([busy.drop(), free.drop()]);
  });

  it('that are missing keep a process from starting', async () => {
    const database = await createEmptyDatabase();
    await expect(createTestApp({ LOCKKEEPER_DATABASE_URL: database.url })).rejects.toThrow(
      'The database schema is older than this build. Run `npm run migrate`, then start again.',
    );
    await database.drop();
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/platform/config/index.js';
import { BatchTransactions, databaseConfig, isDuplicateKey } from '../../src/platform/database/index.js';
import { createEmptyDatabase, openDatabase, type TestDatabase } from '../factories/test-database.js';

const insert = (id: string) => ({ sql: 'INSERT INTO notes VALUES (?)', values: [id] });
const select = (id: string) => ({ sql: 'SELECT id FROM notes WHERE id = ?', values: [id] });
const CONFLICT = {
  sql: `SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'deadlock'`,
  values: [],
};

describe('a batch transaction', () => {
  let database: TestDatabase;
  let transactions: Awaited<ReturnType<typeof openDatabase>>;
  let batches: BatchTransactions;
  beforeAll(async () => {
    database = await createEmptyDatabase();
    transactions = await openDatabase(database.url);
    await transactions.single.query('CREATE TABLE notes (id CHAR(36) PRIMARY KEY)');
    const settings = { LOCKKEEPER_DATABASE_URL: database.url, LOCKKEEPER_DATABASE_POOL_SIZE: '1' };
    batches = new BatchTransactions(loadConfig(settings, [databaseConfig]).get(databaseConfig));
  });
  afterAll(async () => {
    await batches.onApplicationShutdown();
    await transactions[Symbol.asyncDispose]();
    await database.drop();
  });

  const isStored = async (id: string) => {
    const { sql, values } = select(id);
    return (await transactions.single.query<unknown[]>(sql, values)).length > 0;
  };

  it('gives the rows of each statement, and commits what it writes', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    await batches.run(async (transaction) => {
      expect(await transaction.begin([select(first)])).toEqual([[]]);
      await transaction.commit([insert(first), insert(second)]);
    });
    const rows = await batches.run(async (transaction) => {
      const found = await transaction.begin([select(first), select(randomUUID()), select(second)]);
      await transaction.commit([]);
      return found;
    });
    expect(rows).toEqual([[{ id: first }], [], [{ id: second }]]);
  });

  it('that fails in the middle of its writes leaves nothing, and its connection is as before', async () => {
    const [id, taken] = [randomUUID(), randomUUID()];
    const write = (...ids: string[]) =>
      batches.run(async (transaction) => {
        await transaction.begin([select(taken)]);
        await transaction.commit(ids.map(insert));
      });
    await write(taken);
    await expect(write(id, taken)).rejects.toSatisfy(isDuplicateKey);
    expect(await isStored(id)).toBe(false);
    await write(id);
    expect(await isStored(id)).toBe(true);
  });

  it('is READ COMMITTED', async () => {
    // By its name in MariaDB, in MySQL, and in newer MariaDB both.
    const sql = `SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation')`;
    const [[level] = []] = await batches.run((transaction) => transaction.begin([{ sql, values: [] }]));
    expect(level).toMatchObject({ Value: 'READ-COMMITTED' });
  });

  it('that meets a conflict runs again, until it meets none', async () => {
    const id = randomUUID();
    let runs = 0;
    await batches.run(async (transaction) => {
      runs++;
      await transaction.begin([select(id)]);
      await transaction.commit(runs < 3 ? [insert(id), CONFLICT] : [insert(id)]);
    });
    expect(runs).toBe(3);
    expect(await isStored(id)).toBe(true);
  });
});

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReconcileBooksHandler } from '../../src/modules/coin-account/tasks/reconcile-books.handler.js';
import { ChainVerifier, ReconciliationService } from '../../src/modules/coin-account/index.js';
import { Transactions } from '../../src/platform/database/index.js';
import { saveAllTurns, TestChatter } from '../factories/chat.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestDatabase, type TestDatabase } from '../factories/test-database.js';
import { createTestWorker } from '../factories/test-worker.js';
import { bearer, createUser } from '../factories/users.js';

const GUIDE = new URL('../../docs/coins.md', import.meta.url);

describe('a database user that cannot alter the journal', () => {
  const userName = `lk_${randomBytes(6).toString('hex')}`;
  let database: TestDatabase;
  let owner: Connection;
  let test: TestApp;

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = await createConnection(database.url);
    await owner.query(`CREATE USER '${userName}'@'%' IDENTIFIED BY 'secret'`);
    for (const statement of await grantsOfTheGuide()) await owner.query(statement);
    const url = new URL(database.url);
    url.username = userName;
    url.password = 'secret';
    test = await createTestApp({ LOCKKEEPER_DATABASE_URL: url.toString() });
  });
  afterAll(async () => {
    await test?.close();
    await owner.query(`DROP USER '${userName}'@'%'`);
    await owner.end();
    await database.drop();
  });

  /** What the statement in the guide prints, for this database and this user. */
  async function grantsOfTheGuide(): Promise<string[]> {
    const query = /```sql\n(SELECT CONCAT\('GRANT[^`]*(?:`[^`]+)*?)\n```/.exec(
      await readFile(GUIDE, 'utf8'),
    )?.[1];
    if (query === undefined) throw new Error('docs/coins.md has no statement that prints the grants.');
    const schema = new URL(database.url).pathname.slice(1);
    const [rows] = await owner.query(
      query.replaceAll('lockkeeper_service', userName).replaceAll("'lockkeeper'", `'${schema}'`),
    );
    return (rows as { statement: string }[]).map(({ statement }) => statement);
  }

  it('is enough for turns, grants, penalties, deletion, expiry, reconciling and verifying', async () => {
    const operator = await createUser(test, { role: 'operator' });
    const post = (url: string, payload: object, key: string) =>
      test.app.inject({
        method: 'POST',
        url: `/api/coins/accounts/${url}`,
        headers: { ...bearer(operator.apiKey), 'idempotency-key': key },
        payload,
      });
    const chatter = await TestChatter.create(test, '0');
    const { id } = chatter.user;
    expect((await post(`${id}/grants`, { amount: '5', reason: 'coupon' }, 'g')).statusCode).toBe(200);
    const turns = [await chatter.say('Hello'), await chatter.say('Hello', 'local:fail_after=0')];
    expect(turns.map(({ status }) => status)).toEqual([200, 502]);
    const penalty = { amount: '9', reason: 'chargeback', note: 'n' };
    expect((await post(`${id}/penalties`, penalty, 'p')).statusCode).toBe(200);
    expect((await post(`${id}/block`, { note: 'n' }, 'b')).statusCode).toBe(200);
    await saveAllTurns(test);
    const deleted = await test.app.inject({
      method: 'DELETE',
      url: `/api/conversations/${turns[0]?.conversationId}`,
      headers: chatter.headers,
    });
    expect(deleted.statusCode).toBe(204);
    const worker = await createTestWorker(test.environment);
    try {
      await worker
        .get(ReconcileBooksHandler)
        .run({ dueAt: new Date(), signal: new AbortController().signal });
    } finally {
      await worker.close();
    }
    expect(await test.app.get(ReconciliationService).reconcile()).toMatchObject({ isClean: true });
    expect(await test.app.get(ChainVerifier).verify()).toMatchObject({ accounts: 1, faultCount: 0 });
  });

  it.each([
    'UPDATE coin_journal SET balance_delta = 0',
    'DELETE FROM coin_journal',
    'TRUNCATE TABLE coin_journal',
    'INSERT INTO coin_journal SELECT * FROM coin_journal ON DUPLICATE KEY UPDATE balance_delta = 0',
    'REPLACE INTO coin_journal SELECT * FROM coin_journal',
    'ALTER TABLE coin_journal DROP COLUMN note',
    'DROP TABLE coin_journal',
    'UPDATE audit_log SET actor_id = NULL',
    'DELETE FROM audit_log',
  ])('is refused: %s', async (statement) => {
    await expect(test.app.get(Transactions).single.query(statement)).rejects.toThrow(/denied/);
  });
});

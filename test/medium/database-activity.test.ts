import { randomBytes } from 'node:crypto';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { TestOperator } from '../factories/operator.js';
import { OwnMariadb } from '../factories/own-mariadb.js';
import { createTcpProxy } from '../factories/tcp-proxy.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestDatabase, type TestDatabase } from '../factories/test-database.js';
import { createUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const SLOW = '/api/admin/database/slow-queries';
const LOCKS = '/api/admin/database/lock-waits';

interface Running {
  connection_id: number;
  running_ms: number;
  statement: string;
}

interface LockWait {
  wait_ms: number;
  table: string;
  index: string;
  waiting: { connection_id: number; statement: string };
  blocking: { connection_id: number; age_ms: number; command: string; statement: string | null };
}

describe('what the database is busy with', () => {
  let database: TestDatabase;
  let owner: Connection;
  let test: TestApp;
  let operator: TestOperator;
  beforeAll(async () => {
    database = await createTestDatabase();
    owner = await createConnection(database.url);
    await owner.query('CREATE TABLE shared_things (id INT PRIMARY KEY, owner VARCHAR(40)) ENGINE=InnoDB');
    await owner.query("INSERT INTO shared_things VALUES (1, 'a'), (2, 'b')");
    test = await createTestApp({ LOCKKEEPER_DATABASE_URL: database.url });
    operator = await TestOperator.create(test);
  });
  afterAll(async () => {
    await test.close();
    await owner.end();
    await database.drop();
  });

  async function running(minMs: number, find: (row: Running) => boolean): Promise<Running | undefined> {
    const { status, body } = await operator.call({ url: `${SLOW}?min_ms=${minMs}` });
    expect(status).toBe(200);
    return (body.items as Running[]).find(find);
  }

  async function lockWait(waitingId: number): Promise<LockWait | undefined> {
    const { status, body } = await operator.call({ url: LOCKS });
    expect(status).toBe(200);
    expect(body.missing).toEqual([]);
    return (body.items as LockWait[]).find((each) => each.waiting.connection_id === waitingId);
  }

  it('is seen as long as a statement runs, without what it is about, and not before it is slow', async () => {
    const busy = await createConnection(database.url);
    const query = busy.query("SELECT SLEEP(600), 'the text of a user', 123456789").catch(() => undefined);
    const isIt = ({ connection_id: id }: Running) => id === busy.threadId;
    const row = await waitUntil('the slow statement', () => running(300, isIt));
    expect(row.statement).toBe('SELECT SLEEP(?), ?, …');
    expect(row.running_ms).toBeGreaterThanOrEqual(300);
    expect(await running(600_000, isIt)).toBeUndefined();
    await owner.query(`KILL ${busy.threadId}`);
    await query;
    await waitUntil('its end', async () => !(await running(0, isIt)));
    busy.destroy();
  });

  it('is seen as who waits for whose lock, also of a client that does nothing, until it is let go, by all who ask', async () => {
    const [idle, waiting] = [await createConnection(database.url), await createConnection(database.url)];
    let isAsked = true;
    // What they hold would keep the database from being dropped, and others from looking at the server's.
    onTestFinished(() => [idle, waiting].forEach((connection) => connection.destroy()));
    onTestFinished(() => void (isAsked = false));
    await idle.query('START TRANSACTION');
    await idle.query("UPDATE shared_things SET owner = 'mine' WHERE id = 1");
    await waiting.query('START TRANSACTION');
    // MariaDB would go on telling what it told when it was last left alone for a while.
    const others = (async () => {
      while (isAsked) await lockWait(waiting.threadId);
    })();
    const update = waiting.query("UPDATE shared_things SET owner = 'a name' WHERE id = 1");
    update.catch(() => undefined);
    const wait = await waitUntil('the lock wait', () => lockWait(waiting.threadId));
    expect(wait).toMatchObject({
      table: 'shared_things',
      index: 'PRIMARY',
      waiting: { statement: 'UPDATE shared_things SET owner = ? WHERE id = ?' },
      blocking: { connection_id: idle.threadId, command: 'Sleep', statement: null },
    });
    await waitUntil('a longer wait', async () => ((await lockWait(waiting.threadId))?.wait_ms ?? 0) >= 1_000);
    await idle.query('COMMIT');
    await update;
    await waitUntil('its end', async () => !(await lockWait(waiting.threadId)));
    isAsked = false;
    await others;
  });

  it('is not what happens in other databases of the server', async () => {
    const other = await createTestDatabase();
    const busy = await createConnection(other.url);
    const query = busy.query('SELECT SLEEP(600)').catch(() => undefined);
    await waitUntil('the statement', async () => {
      const [rows] = await owner.query(
        'SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ? AND INFO LIKE ?',
        [busy.threadId, '%SLEEP%'],
      );
      return (rows as unknown[]).length > 0;
    });
    expect(await running(0, (row) => row.connection_id === busy.threadId)).toBeUndefined();
    await owner.query(`KILL ${busy.threadId}`);
    await query;
    busy.destroy();
    await other.drop();
  });

  it('says what the server does not tell', async () => {
    const { body } = await operator.call({ url: SLOW });
    expect(body.digests).toEqual([]);
    expect(body.missing).toEqual([
      {
        code: 'performance_schema_off',
        lost: expect.any(String),
        remedy: expect.stringContaining('performance_schema=ON'),
      },
    ]);
  });

  it('is told as far as the rights of the account go, and names the right that is missing', async () => {
    const name = `lk_${randomBytes(6).toString('hex')}`;
    await owner.query(`CREATE USER '${name}'@'%' IDENTIFIED BY 'secret'`);
    await owner.query(`GRANT ALL ON \`${new URL(database.url).pathname.slice(1)}\`.* TO '${name}'@'%'`);
    const url = new URL(database.url);
    [url.username, url.password] = [name, 'secret'];
    const restricted = await createTestApp({ LOCKKEEPER_DATABASE_URL: url.toString() });
    const busy = await createConnection(url.toString());
    const query = busy.query('SELECT SLEEP(600)').catch(() => undefined);
    try {
      const reader = await TestOperator.create(restricted);
      const missing = { code: 'right_missing', remedy: expect.stringContaining('GRANT PROCESS') };
      const own = await waitUntil('a statement of the same account', async () => {
        const { body } = await reader.call({ url: `${SLOW}?min_ms=0` });
        expect(body.missing[0]).toMatchObject(missing);
        return (body.items as Running[]).find((row) => row.connection_id === busy.threadId);
      });
      expect(own.statement).toBe('SELECT SLEEP(?)');
      const locks = await reader.call({ url: LOCKS });
      expect(locks).toMatchObject({ status: 200, body: { items: [], missing: [missing] } });
    } finally {
      await owner.query(`KILL ${busy.threadId}`);
      await query;
      busy.destroy();
      await restricted.close();
      await owner.query(`DROP USER '${name}'@'%'`);
    }
  });

  it('is told to operators alone', async () => {
    const agent = await createUser(test, { role: 'agent' });
    for (const url of [SLOW, LOCKS]) {
      expect((await operator.call({ url, token: agent.apiKey })).status).toBe(403);
      expect((await operator.call({ url, token: '' })).status).toBe(401);
    }
    expect((await operator.call({ url: `${SLOW}?min_ms=-1` })).status).toBe(422);
    expect((await operator.call({ url: `${SLOW}?min_ms=x` })).status).toBe(422);
  });

  it('is asked for in vain, but not for long, while the database is away', async () => {
    const proxy = await createTcpProxy(database.url);
    const cutOff = await createTestApp({ LOCKKEEPER_DATABASE_URL: proxy.url });
    const reader = await TestOperator.create(cutOff);
    const { apiKey } = reader.user;
    const ask = (url: string) => cutOff.app.inject({ url, headers: { authorization: `Bearer ${apiKey}` } });
    expect((await ask(LOCKS)).statusCode).toBe(200);
    await proxy.cut();
    const startedAt = performance.now();
    expect((await ask(SLOW)).statusCode).toBe(503);
    // What was told a moment ago is told again for a moment.
    await waitUntil('the lock waits are not told', async () => (await ask(LOCKS)).statusCode === 503);
    expect(performance.now() - startedAt).toBeLessThan(6_000);
    await proxy.restore();
    await waitUntil('the database is back', async () => (await ask(LOCKS)).statusCode === 200);
    await cutOff.close();
    await proxy.cut();
  });
});

describe('with performance_schema on', () => {
  let mariadb: OwnMariadb;
  let test: TestApp;
  beforeAll(async () => {
    mariadb = await OwnMariadb.start({ performance_schema: 'ON' });
    test = await createTestApp({ LOCKKEEPER_DATABASE_URL: mariadb.url });
  });
  afterAll(async () => {
    await test.close();
    await mariadb.dispose();
  });

  it('the forms of statements that took the most time are told, to an account that may read them', async () => {
    const operator = await TestOperator.create(test);
    const remedy = expect.stringContaining('GRANT SELECT ON performance_schema.*');
    expect((await operator.call({ url: SLOW })).body.missing).toContainEqual(
      expect.objectContaining({ code: 'right_missing', remedy }),
    );
    const busy = await createConnection(mariadb.url);
    await mariadb.runAsRoot("GRANT SELECT ON performance_schema.* TO test@'127.0.0.1'");
    // Without what the migrations took.
    await mariadb.runAsRoot('TRUNCATE performance_schema.events_statements_summary_by_digest');
    await busy.query("SELECT SLEEP(0.4), 'the text of a user'");
    await busy.end();
    const { body } = await operator.call({ url: SLOW });
    const sleep = body.digests.find((row: { statement: string }) => row.statement.includes('SLEEP'));
    expect(sleep).toMatchObject({ count: 1, rows_sent: 1 });
    expect(sleep.mean_ms).toBeGreaterThanOrEqual(400);
    expect(sleep.mean_ms).toBeLessThan(60_000);
    expect(JSON.stringify(body)).not.toContain('the text');
    expect(Math.abs(Date.parse(sleep.last_seen_at) - Date.now())).toBeLessThan(120_000);
    const totals = body.digests.map((row: { total_ms: number }) => row.total_ms);
    expect(totals).toEqual(totals.toSorted((a: number, b: number) => b - a));
    expect(body.missing).not.toContainEqual(expect.objectContaining({ remedy }));
  });
});

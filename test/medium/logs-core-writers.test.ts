import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GROUP, STREAM } from '../../src/modules/logs/queue/log-keys.js';
import { LogConsumer } from '../../src/modules/logs/queue/log-consumer.js';
import { bearer, createUser } from '../factories/users.js';
import { logLine, logLines, someDevice, TestLogs } from '../factories/logs.js';
import { createTestWorker } from '../factories/test-worker.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../factories/test-database.js';
import { Transactions } from '../../src/platform/database/index.js';
import type { WrittenBatch } from '../../src/modules/logs/writers/log-writer.js';
import { LogWriters } from '../../src/modules/logs/writers/log-writers.js';
import { OwnRedis } from '../factories/own-redis.js';
import { newId } from '../../src/shared/ids.js';
import { waitUntil } from '../factories/wait.js';

const READ_ALL = { lines: 100_000, bytes: 100_000_000, blockMs: 1 };
const TOO_LONG = 'd'.repeat(51);

describe('the writers of logs', () => {
  let logs: TestLogs;
  let operator: Record<string, string>;
  beforeAll(async () => {
    logs = await TestLogs.create({ LOCKKEEPER_LOGS_CLAIM_IDLE_MS: '100' });
    operator = bearer((await createUser(logs.test, { role: 'operator' })).apiKey);
  });
  afterAll(async () => {
    expect(await logs.accounting.check()).toMatchObject({ agrees: true });
    await logs.close();
  });

  async function call(method: 'GET' | 'POST', path: string, payload?: object) {
    const answer = await logs.test.app.inject({
      method,
      url: `/api/logs/${path}`,
      headers: operator,
      payload,
    });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  }

  async function quarantined(entryId: string) {
    const { body } = await call('GET', 'quarantine?limit=100');
    const items = body['items'] as { id: string; receipt_id: string; error: string; content: string }[];
    return items.filter((item) => item.receipt_id === entryId);
  }

  /** Writes the only entry of the stream anew with another value in one place. */
  async function replaceField(place: number, change: (value: string) => string): Promise<void> {
    const [[streamId, fields]] = (await logs.redis.xrange(STREAM, '-', '+')) as [[string, string[]]];
    await logs.redis.xdel(STREAM, streamId);
    await logs.redis.xadd(STREAM, '*', ...fields.with(place, change(fields[place] ?? '')));
  }

  it('store nothing twice after a crash between commit and acknowledgement', async () => {
    const device = someDevice();
    await logs.accept(logLines(5, device));
    const { writer, consumer } = logs.writer(1);
    consumer.acknowledge = () => Promise.reject(new Error('kill -9'));
    await expect(writer.writeOnce(1)).rejects.toThrow('kill -9');
    expect(await logs.stored(device)).toHaveLength(5);
    expect(await logs.redis.xlen(STREAM)).toBe(1);

    await logs.accept(logLines(3, device));
    const other = logs.writer(2).writer;
    const written: (WrittenBatch | undefined)[] = [];
    await waitUntil('the entry is claimed', async () => {
      written.push(await other.writeOnce(1));
      return (await logs.redis.xlen(STREAM)) === 0;
    });
    expect(written.reduce((sum, batch) => sum + (batch?.skippedEntries ?? 0), 0)).toBe(1);
    expect(await logs.stored(device)).toHaveLength(8);
    expect(await logs.accounting.report()).toMatchObject({ isClosed: true, differenceLines: 0 });
  });

  it('store each entry once though two have the same ones', async () => {
    const device = someDevice();
    for (let request = 0; request < 6; request++) await logs.accept(logLines(20, device));
    const [one, other] = [logs.writer(1), logs.writer(2)];
    const entries = await one.consumer.read(READ_ALL);
    expect(entries).toHaveLength(6);
    one.consumer.read = () => Promise.resolve(entries);
    // The other one has some of them and not in the same order.
    other.consumer.read = () => Promise.resolve(entries.slice(2).toReversed());
    const [first, second] = await Promise.all([one.writer.writeOnce(1), other.writer.writeOnce(1)]);
    expect((first?.storedLines ?? 0) + (second?.storedLines ?? 0)).toBe(120);
    expect((first?.skippedEntries ?? 0) + (second?.skippedEntries ?? 0)).toBe(4);
    expect(await logs.stored(device)).toHaveLength(120);
    expect(await logs.accounting.report()).toMatchObject({ pendingLines: 0, differenceLines: 0 });
  });

  it('take over what a dead one had, and remove it', async () => {
    const device = someDevice();
    await logs.accept(logLines(4, device));
    const dead = new LogConsumer(logs.redis, 'dead');
    expect(await dead.read(READ_ALL)).toHaveLength(1);
    const { writer, consumer } = logs.writer(3);
    // It has something: it must stay, or its entry would never be delivered again.
    await consumer.removeDead(0);
    expect(await consumerNames()).toContain('dead');
    await waitUntil('the entry is stored', async () => {
      await writer.writeOnce(1);
      return (await logs.stored(device)).length === 4;
    });
    await waitUntil('the dead one is removed', async () => {
      await consumer.removeDead(50);
      return !(await consumerNames()).includes('dead');
    });
  });

  async function consumerNames(): Promise<unknown[]> {
    const consumers = (await logs.redis.xinfo('CONSUMERS', STREAM, GROUP)) as unknown[][];
    return consumers.map((fields) => fields[1]);
  }

  it.each(['load', 'values'] as const)('put one bad row of 501 in quarantine (%s)', async (path) => {
    const device = someDevice();
    const lines = logLines(501, device);
    const bad = logLine({ device_id: TOO_LONG, message: 'bad\t\u0000', log_data: { a: [1] } });
    lines[250] = bad;
    logs.store.path = path;
    const { receiptId } = await logs.accept(lines, 'queued');
    await logs.drain();
    logs.store.path = undefined;
    expect(await logs.stored(device)).toHaveLength(500);
    expect(await logs.intake.fate(receiptId)).toBe('quarantined');
    const [item, ...others] = await quarantined(receiptId);
    expect(others).toEqual([]);
    expect(item?.error).toContain('device_id');
    expect(JSON.parse(item?.content ?? '')).toEqual([
      bad.id,
      bad.created_at,
      TOO_LONG,
      'INFO',
      bad.message,
      '{"a":[1]}',
      null,
      null,
    ]);
  });

  it('have a line stored after all when an operator replays it, once', async () => {
    const device = someDevice();
    const { receiptId } = await logs.accept([
      logLine({ device_id: `${device}${'x'.repeat(40)}` }),
      logLine({ device_id: device }),
    ]);
    await logs.drain();
    const [item] = await quarantined(receiptId);
    const refused = await call('POST', `quarantine/${item?.id}/replay`);
    expect(refused).toMatchObject({ status: 409, body: { code: 'quarantined_log_refused' } });

    await logs.sql('ALTER TABLE logs MODIFY device_id VARCHAR(100) COLLATE utf8mb4_bin NOT NULL');
    const replays = await Promise.all([1, 2].map(() => call('POST', `quarantine/${item?.id}/replay`)));
    expect(new Set(replays.map(({ status }) => status))).toEqual(new Set([200, 404]));
    await logs.sql(`UPDATE logs SET device_id = LEFT(device_id, 50)`);
    await logs.sql('ALTER TABLE logs MODIFY device_id VARCHAR(50) COLLATE utf8mb4_bin NOT NULL');
    expect(await quarantined(receiptId)).toEqual([]);
    expect(await logs.intake.fate(receiptId)).toBe('stored');
    expect(await logs.accounting.check()).toMatchObject({ agrees: true });
  });

  it('have a line given up when an operator says why', async () => {
    const { receiptId } = await logs.accept([logLine({ device_id: TOO_LONG })]);
    await logs.drain();
    const [item] = await quarantined(receiptId);
    const before = await logs.accounting.report();
    expect((await call('POST', `quarantine/${item?.id}/discard`, { reason: '' })).status).toBe(422);
    expect(await call('POST', `quarantine/${item?.id}/discard`, { reason: 'not wanted' })).toMatchObject({
      status: 200,
      body: { id: item?.id },
    });
    expect((await call('POST', `quarantine/${item?.id}/discard`, { reason: 'not wanted' })).status).toBe(404);
    expect(await logs.accounting.report()).toMatchObject({
      isClosed: true,
      quarantinedLines: before.quarantinedLines - 1,
      discardedLines: before.discardedLines + 1,
    });
  });

  it('list the quarantine page by page', async () => {
    const lines = Array.from({ length: 3 }, () => logLine({ device_id: TOO_LONG }));
    const { receiptId } = await logs.accept(lines);
    await logs.drain();
    const found: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await call('GET', `quarantine?limit=2${cursor}`);
      const { items, next_cursor: next } = body as {
        items: { id: string; receipt_id: string }[];
        next_cursor: string | null;
      };
      expect(items.length).toBeLessThanOrEqual(2);
      found.push(...items.filter((item) => item.receipt_id === receiptId).map((item) => item.id));
      if (next === null) break;
      cursor = `&cursor=${next}`;
    }
    expect(new Set(found).size).toBe(3);
  });

  it.each([
    ['no JSON', '[[', 3],
    ['fewer lines than were accepted', '[]', 2],
    ['no list', '{"a":1}', 1],
  ])('put an entry of %s in quarantine whole', async (_what, payload, lineCount) => {
    const { receiptId } = await logs.accept(logLines(lineCount, someDevice()));
    const [[streamId]] = (await logs.redis.xrange(STREAM, '-', '+')) as [[string, string[]]];
    await logs.redis.xdel(STREAM, streamId);
    const fields = ['receipt', receiptId, 'lines', lineCount, 'bytes', 400, 'payload', payload];
    await logs.redis.xadd(STREAM, '*', ...fields);
    const device = someDevice();
    await logs.accept(logLines(2, device));
    await logs.drain();
    expect(await logs.stored(device)).toHaveLength(2);
    expect(await quarantined(receiptId)).toMatchObject([
      { kind: 'entry', content: payload, line_count: lineCount },
    ]);
    expect(await logs.accounting.report()).toMatchObject({ isClosed: true, pendingLines: 0 });
    // What was counted as accepted bytes differs from what this test has put in its place.
    await logs.redis.hset('{logs:stream}:state', 'backlog_bytes', 0);
  });

  it.each([
    [
      'a summary of other lines',
      7,
      JSON.stringify({ devices: ['d'], days: [['2026-01-01', [9, 0, 0, 0, 0]]] }),
    ],
    ['no summary', 7, '{'],
  ])('look into an entry with %s, and count what is there', async (_what, field, summary) => {
    const device = someDevice();
    await logs.accept(logLines(4, device));
    await replaceField(field, () => summary);
    expect(await logs.drain()).toBe(4);
    expect(await logs.stored(device)).toHaveLength(4);
  });

  it('put rows that are none in quarantine, and store the others of their entry', async () => {
    const device = someDevice();
    const { receiptId } = await logs.accept(logLines(5, device));
    await replaceField(9, (text) => {
      const rows = text.split('\n');
      rows[0] = 'a\tb';
      rows[1] = rows[1]?.replace('INFO', 'LOUD') ?? '';
      rows[2] = rows[2]?.replace(device, '\\N') ?? '';
      return rows.join('\n');
    });
    expect(await logs.drain()).toBe(2);
    expect(await logs.stored(device)).toHaveLength(2);
    expect((await quarantined(receiptId)).map((item) => item.error).sort()).toEqual([
      'A value that every line has is missing.',
      'The level is none that there is.',
      'The line is not a list of eight values.',
    ]);
  });

  it('put an entry with fewer rows than were accepted in quarantine whole', async () => {
    const { receiptId } = await logs.accept(logLines(3, someDevice()));
    await replaceField(9, (text) => text.slice(0, text.indexOf('\n') + 1));
    expect(await logs.drain()).toBe(0);
    expect(await quarantined(receiptId)).toMatchObject([{ kind: 'entry', line_count: 3 }]);
  });

  it('put lines that are none in quarantine, and what somebody else wrote to the stream', async () => {
    const { receiptId } = await logs.accept(logLines(3, someDevice()));
    const [[streamId, accepted]] = (await logs.redis.xrange(STREAM, '-', '+')) as [[string, string[]]];
    const packed = [newId(), Date.now(), someDevice(), 'INFO', 'a message', null, null, null];
    const lines = [['too short'], packed.with(1, Number.MAX_SAFE_INTEGER), packed];
    const fields = [...accepted.slice(0, 6), 'payload', JSON.stringify(lines)];
    await logs.redis.xdel(STREAM, streamId);
    await logs.redis.xadd(STREAM, '*', ...fields);
    await logs.redis.xadd(STREAM, '*', 'device_id', 'd', 'message', 'of the first system');
    expect(await logs.drain()).toBe(1);
    expect((await quarantined(receiptId)).map((item) => item.error).sort()).toEqual([
      'The line is not a list of eight values.',
      'The time is outside of the years 1000 to 9999.',
    ]);
    const { body } = await call('GET', 'quarantine?limit=100');
    expect(JSON.stringify(body)).toContain('of the first system');
    expect(await logs.redis.xlen(STREAM)).toBe(0);
  });

  it('finish their batch when the process stops, and take on where another left off', async () => {
    const device = someDevice();
    for (let request = 0; request < 20; request++) await logs.accept(logLines(10, device));
    const worker = await createTestWorker({ ...logs.test.environment, LOCKKEEPER_LOGS_WRITERS: '2' });
    await waitUntil('all are stored', async () => (await logs.stored(device)).length === 200);
    // While the writers wait for more.
    const startedAt = performance.now();
    await worker.close();
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    const pending = (await logs.redis.xpending(STREAM, GROUP)) as [number];
    expect([pending[0], await logs.redis.xlen(STREAM)]).toEqual([0, 0]);
  });
});

describe('while the database is away', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let logs: TestLogs;
  beforeAll(async () => {
    database = await createTestDatabase();
    proxy = await createTcpProxy(database.url);
    logs = await TestLogs.create(
      { LOCKKEEPER_DATABASE_URL: database.url },
      { LOCKKEEPER_DATABASE_URL: proxy.url, LOCKKEEPER_LOGS_WRITERS: '2' },
    );
  });
  afterAll(async () => {
    await logs.close();
    await proxy.cut().catch(() => undefined);
    await database.drop();
  });

  it('logs are taken in, and stored once when it is back', async () => {
    const device = someDevice();
    const direct = (sql: string, ...values: unknown[]) =>
      logs.test.app.get(Transactions).single.query<{ count: string }[]>(sql, values);
    await logs.accept(logLines(10, device), 'stored');
    await proxy.cut();
    const receipts = [];
    for (let request = 0; request < 10; request++) receipts.push(await logs.accept(logLines(10, device)));
    await waitUntil('the writers try', async () => {
      const pending = (await logs.redis.xpending(STREAM, GROUP)) as [number];
      return pending[0] > 0;
    });
    expect(await logs.intake.fate(receipts[0]?.receiptId ?? '')).toBe('queued');
    await proxy.restore();
    await waitUntil('all are stored', async () => (await logs.redis.xlen(STREAM)) === 0);
    const [row] = await direct('SELECT COUNT(*) AS count FROM logs WHERE device_id = ?', device);
    expect(Number(row?.count)).toBe(110);
    expect(await logs.accounting.check()).toMatchObject({ agrees: true });
  });
});

describe('while Redis is away', () => {
  let redis: OwnRedis;
  let logs: TestLogs;
  beforeAll(async () => {
    redis = await OwnRedis.start();
    logs = await TestLogs.create(
      { LOCKKEEPER_REDIS_URL: redis.url, LOCKKEEPER_REDIS_COMMAND_TIMEOUT_MS: '1000' },
      { LOCKKEEPER_LOGS_WRITERS: '1' },
    );
  });
  afterAll(async () => {
    await logs.close();
    await redis.dispose();
  });

  const unavailable = { code: 'log_queue_unavailable', retryAfterSeconds: 1 };

  async function acceptSoon(device: string) {
    await waitUntil('logs are taken in again', () =>
      logs.accept(logLines(1, device), 'stored').then(
        () => true,
        () => false,
      ),
    );
  }

  it('or full, logs are refused with nothing taken in; what was, is stored', async () => {
    const device = someDevice();
    await logs.accept(logLines(5, device), 'stored');
    await redis.fill();
    await expect(logs.accept(logLines(5, device))).rejects.toMatchObject(unavailable);
    await expect(logs.intake.acceptSingle(logLine(), 'queued')).rejects.toMatchObject(unavailable);
    await redis.makeRoom();
    expect(await logs.stored(device)).toHaveLength(5);
    await acceptSoon(device);
    expect(await logs.stored(device)).toHaveLength(6);
    expect(await logs.accounting.report()).toMatchObject({ isClosed: true, differenceLines: 0 });
  });

  it('logs that wait are stored though it has no more memory', async () => {
    const device = someDevice();
    const { writer } = logs.writer(5);
    await logs.worker.get(LogWriters, { strict: false }).beforeApplicationShutdown();
    await logs.accept(logLines(5, device));
    await logs.redis.script('FLUSH');
    await redis.fill();
    expect(await writer.writeOnce(1)).toMatchObject({ storedLines: 5 });
    await redis.makeRoom();
    await waitUntil('Redis is back', () => logs.accounting.report().catch(() => false));
    expect(await logs.accounting.report()).toMatchObject({ pendingLines: 0, differenceLines: 0 });
  });

  it('or killed, logs are refused, and what was taken in is stored when it is back', async () => {
    const device = someDevice();
    const { receiptId } = await logs.accept(logLines(5, device));
    await redis.kill();
    await expect(logs.accept(logLines(5, device))).rejects.toMatchObject(unavailable);
    await expect(logs.intake.fate(receiptId)).rejects.toMatchObject(unavailable);
    await redis.startAgain();
    await waitUntil('Redis is back', () => logs.accounting.report().catch(() => false));
    await logs.drain();
    expect(await logs.stored(device)).toHaveLength(5);
    expect(await logs.intake.fate(receiptId)).toBe('stored');
  });
});

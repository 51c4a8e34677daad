import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LogLine, LogRetention } from '../../src/modules/logs/index.js';
import type { LogFilter } from '../../src/modules/logs/query/domain/log-filter.js';
import { selectLines } from '../../src/modules/logs/query/log-query.sql.js';
import { LogReading } from '../factories/log-reading.js';
import { logLine, someDevice } from '../factories/logs.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';

const HOUR = 3_600_000;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('a search of the log', () => {
  let test: TestApp;
  let logs: LogReading;
  let device_id: string;
  beforeAll(async () => {
    test = await createTestApp();
    logs = await LogReading.create(test);
  });
  beforeEach(() => {
    device_id = someDevice();
  });
  afterAll(async () => {
    await logs.close();
    await test.close();
  });

  /** Stores a line for each message, each a second older than the one before. */
  async function said(...messages: string[]): Promise<LogLine[]> {
    const lines = messages.map((message, index) =>
      logLine({ device_id, message, created_at: Date.now() - 1_000 * (index + 1) }),
    );
    await logs.store(lines);
    return lines;
  }

  it('gives whole lines, the newest first', async () => {
    const older = logLine({ device_id, created_at: Date.now() - HOUR });
    const newer = logLine({
      device_id,
      log_level: 'CRITICAL',
      message: 'first\nsecond 行 😀 "\\',
      log_data: { a: [1, 'x', null], 'b.c': { d: true } },
      trace_id: TRACE,
      span_id: '00f067aa0ba902b7',
    });
    await logs.store([older, newer]);
    const { status, items, next_cursor } = await logs.search({ device_id });
    expect(status).toBe(200);
    expect(next_cursor).toBeNull();
    expect(items).toEqual([
      { ...newer, created_at: new Date(newer.created_at).toISOString() },
      { ...older, created_at: new Date(older.created_at).toISOString() },
    ]);
  });

  it('tells devices apart by every byte', async () => {
    for (const id of [device_id, device_id.toUpperCase(), `${device_id}é`, `${device_id}e`]) {
      await logs.store([logLine({ device_id: id, message: id })]);
    }
    expect(await logs.messages({ device_id })).toEqual([device_id]);
    expect(await logs.messages({ device_id: device_id.toUpperCase() })).toEqual([device_id.toUpperCase()]);
    expect(await logs.messages({ device_id: `${device_id}e` })).toEqual([`${device_id}e`]);
  });

  it.each([
    ['ERROR', ['ERROR']],
    ['error,Critical', ['CRITICAL', 'ERROR']],
    [
      ['DEBUG', 'INFO'],
      ['INFO', 'DEBUG'],
    ],
    ['DEBUG,INFO,WARNING,ERROR,CRITICAL', ['CRITICAL', 'ERROR', 'WARNING', 'INFO', 'DEBUG']],
  ])('finds the level %j, of a device and of all', async (level, found) => {
    const levels = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;
    // An hour that no other test uses, so that the lines of all are those of this one.
    const startMs = Date.now() - Math.floor(Math.random() * 400_000 + 100) * HOUR;
    await logs.store(
      levels.map((log_level, index) =>
        logLine({ device_id, log_level, message: log_level, created_at: startMs + index }),
      ),
    );
    const window = { from: new Date(startMs).toISOString(), to: new Date(startMs + 10).toISOString() };
    expect(await logs.messages({ ...window, level, device_id })).toEqual(found);
    expect(await logs.messages({ ...window, level })).toEqual(found);
  });

  it('finds a trace, whoever it is of', async () => {
    const trace_id = TRACE.replace('4bf9', device_id.slice(-4));
    await logs.store([
      logLine({ device_id, trace_id, message: 'a', created_at: Date.now() - 2_000 }),
      logLine({ device_id: someDevice(), trace_id, message: 'b', created_at: Date.now() - 1_000 }),
      logLine({ device_id, trace_id: TRACE, message: 'c' }),
    ]);
    expect(await logs.messages({ trace_id: trace_id.toUpperCase() })).toEqual(['b', 'a']);
    expect(await logs.messages({ trace_id, device_id })).toEqual(['a']);
  });

  it('begins with `from` and ends before `to`, to the millisecond', async () => {
    const start = Date.now() - HOUR;
    await logs.store(
      [0, 1, 2, 3].map((ms) => logLine({ device_id, message: String(ms), created_at: start + ms })),
    );
    const from = new Date(start + 1).toISOString();
    const to = new Date(start + 3).toISOString();
    expect(await logs.messages({ device_id, from, to })).toEqual(['2', '1']);
    // With another offset than ours.
    const elsewhere = new Date(start + 1 + 2 * HOUR).toISOString().replace('Z', '+02:00');
    expect(await logs.messages({ device_id, from: elsewhere, to })).toEqual(['2', '1']);
  });

  it('looks at the last 24 hours if not told, and says so', async () => {
    const now = Date.now();
    await logs.store(
      [-0.9, 1, 23, 25, 49].map((hours) =>
        logLine({ device_id, message: String(hours), created_at: now - hours * HOUR }),
      ),
    );
    const page = await logs.search({ device_id });
    expect(page.items.map(({ message }) => message)).toEqual(['-0.9', '1', '23']);
    expect(Math.abs(Date.parse(page.from) - (now - 24 * HOUR))).toBeLessThan(10_000);
    expect(Math.abs(Date.parse(page.to) - (now + HOUR))).toBeLessThan(10_000);
    const to = new Date(now - 24.5 * HOUR).toISOString();
    const earlier = await logs.search({ device_id, to });
    expect(earlier.items.map(({ message }) => message)).toEqual(['25']);
    expect(earlier).toMatchObject({ from: new Date(now - 48.5 * HOUR).toISOString(), to });
  });

  it.each([
    ['%', ['100% sure'], ['100 sure']],
    ['_', ['a_b'], ['a-b']],
    ['\\', ['C:\\temp'], ['C:/temp']],
    ['\\%', ['\\%'], ['%', '\\']],
    ['!', ['!'], ['?']],
    ['!%', ['a!%b'], ['!', '%']],
    ["' OR '1'='1", ["' OR '1'='1"], ['1']],
    ['TimeOut', ['connection timeout', 'TIMEOUT!'], ['time out']],
    ['İstanbul 行', ['istanbul 行'], ['istanbul']],
    ['😀', ['so 😀'], ['so 🎉']],
    [' b', ['a b'], ['ab', 'b']],
  ])('finds the text %j in %j and not in %j', async (q, having, lacking) => {
    await said(...having, ...lacking);
    expect(await logs.messages({ device_id, q })).toEqual(having);
  });

  it.each([
    ['$.user.id', '42', ['number', 'text']],
    ['$.user.name', 'Ann', ['number']],
    ['$.user.name', 'ann', []],
    ['$.user.name', 'Ann ', ['text']],
    ['$.isUp', 'true', ['number']],
    ['$.rate', '1.5', ['number']],
    ['$.list[1].x', 'y', ['number']],
    ['$."http.status_code"', '503', ['number']],
    ['$."http.status_code"', '504', []],
    ['$.nothing', 'null', []],
    ['$.user', '{}', []],
    ['$.missing', '42', []],
    ['$.quoted', 'say "%_\\"', ['text']],
  ])('finds lines with %s equal to %j', async (path, value, found) => {
    const data = {
      number: {
        user: { id: 42, name: 'Ann' },
        isUp: true,
        rate: 1.5,
        list: [0, { x: 'y' }],
        'http.status_code': 503,
        nothing: null,
      },
      text: { user: { id: '42', name: 'Ann ' }, quoted: 'say "%_\\"' },
      empty: { user: {} },
    };
    await logs.store([
      ...Object.entries(data).map(([message, log_data], index) =>
        logLine({ device_id, message, log_data, created_at: Date.now() - 1_000 * index }),
      ),
      logLine({ device_id, message: 'none' }),
    ]);
    expect(await logs.messages({ device_id, path, value })).toEqual(found);
  });

  it('wants all that is given', async () => {
    const fits = {
      device_id,
      log_level: 'ERROR',
      message: 'it failed',
      log_data: { n: 1 },
      trace_id: TRACE,
    } as const;
    await logs.store([
      logLine(fits),
      logLine({ ...fits, device_id: someDevice() }),
      logLine({ ...fits, log_level: 'INFO' }),
      logLine({ ...fits, message: 'it worked' }),
      logLine({ ...fits, log_data: { n: 2 } }),
      logLine({ ...fits, trace_id: null }),
      logLine({ ...fits, created_at: Date.now() - 2 * HOUR }),
    ]);
    const from = new Date(Date.now() - HOUR).toISOString();
    const all = { device_id, level: 'ERROR', q: 'FAILED', path: '$.n', value: '1', trace_id: TRACE, from };
    expect(await logs.messages(all)).toEqual(['it failed']);
  });

  it.each([
    ['of a device', {}],
    ['of two levels of a device', { level: 'INFO,ERROR' }],
  ])('walks through many lines of one millisecond without a gap or a repeat: %s', async (_name, filter) => {
    const created_at = Date.now() - 5_000;
    const lines = Array.from({ length: 95 }, (_, index) =>
      logLine({
        device_id,
        log_level: index % 2 === 0 ? 'INFO' : 'ERROR',
        created_at: created_at + Math.floor(index / 30),
      }),
    );
    await logs.store(lines);
    const seen: string[] = [];
    const sizes: number[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await logs.search({ device_id, ...filter, limit: '20', ...(cursor && { cursor }) });
      seen.push(...page.items.map(({ id }) => id));
      sizes.push(page.items.length);
      cursor = page.next_cursor;
      // New lines do not move those that are walked through.
      await logs.store([logLine({ device_id })]);
    }
    expect(sizes).toEqual([20, 20, 20, 20, 15]);
    expect(seen).toEqual(newestFirst(lines));
  });

  it('walks through the levels of all devices without a gap or a repeat', async () => {
    const startMs = Date.now() - Math.floor(Math.random() * 400_000 + 100) * HOUR;
    const lines = Array.from({ length: 70 }, (_, index) =>
      logLine({
        device_id: `${device_id}-${index % 3}`,
        log_level: (['INFO', 'ERROR', 'CRITICAL'] as const)[index % 3] ?? 'INFO',
        created_at: startMs + (index % 2),
      }),
    );
    await logs.store(lines);
    const window = { from: new Date(startMs).toISOString(), to: new Date(startMs + 2).toISOString() };
    for (const level of ['INFO,ERROR,CRITICAL', undefined]) {
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page = await logs.search({
          ...window,
          ...(level && { level }),
          limit: '9',
          ...(cursor && { cursor }),
        });
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.next_cursor;
      }
      expect(seen).toEqual(newestFirst(lines));
    }
  });

  it('keeps the default window while a client walks', async () => {
    await said('a', 'b', 'c');
    const first = await logs.search({ device_id, limit: '1' });
    const second = await logs.search({ device_id, limit: '1', cursor: first.next_cursor ?? '' });
    expect(second.items.map(({ message }) => message)).toEqual(['b']);
    expect(second).toMatchObject({ from: first.from, to: first.to });
  });

  it('ends a page of long lines early, and loses none', async () => {
    const long = 'x'.repeat(1_900_000);
    const lines = Array.from({ length: 10 }, (_, index) =>
      logLine({ device_id, log_data: { long }, created_at: Date.now() - index * 1_000 }),
    );
    for (const line of lines) await logs.store([line]);
    const first = await logs.search({ device_id });
    const second = await logs.search({ device_id, cursor: first.next_cursor ?? '' });
    const third = await logs.search({ device_id, cursor: second.next_cursor ?? '' });
    expect([first, second, third].map(({ items }) => items.length)).toEqual([4, 4, 2]);
    expect(third.next_cursor).toBeNull();
    const seen = [first, second, third].flatMap(({ items }) => items.map(({ id }) => id));
    expect(seen).toEqual(lines.map(({ id }) => id));
  });

  it('has long data beside short and none', async () => {
    const data = [{ long: '行'.repeat(3_000) }, null, { short: 1 }, { long: 'x'.repeat(4_100) }, {}];
    await logs.store(
      data.map((log_data, index) => logLine({ device_id, log_data, created_at: Date.now() - index * 1_000 })),
    );
    const { items } = await logs.search({ device_id });
    expect(items.map((item) => (item as unknown as LogLine).log_data)).toEqual(data);
    const page = await logs.device(device_id);
    expect(page.data.map(({ log_data }) => log_data)).toEqual(data);
  });

  it('reads ranges of an index in its order, of the days of the window', async () => {
    await test.app.get(LogRetention).apply();
    await logs.store(
      Array.from({ length: 3_000 }, (_, index) =>
        logLine({ device_id, log_level: 'WARNING', created_at: Date.now() - index * 10_000 }),
      ),
    );
    await logs.database.single.query('ANALYZE TABLE logs');
    const now = Date.now();
    const window = { fromMs: now - HOUR, toMs: now };
    const before = { createdAtMs: now - 100_000, id: logLine().id };
    for (const [filter, key] of [
      [{ deviceId: device_id }, 'idx_logs_device_time'],
      [{ deviceId: device_id, text: 'x', levels: ['ERROR'] }, 'idx_logs_device_time'],
      [{ levels: ['WARNING'] }, 'idx_logs_level_time'],
      [{ levels: ['WARNING'], text: 'x' }, 'idx_logs_level_time'],
      [{}, 'idx_logs_time'],
      [{ text: 'x' }, 'idx_logs_time'],
    ] satisfies [LogFilter, string][]) {
      for (const place of [undefined, before]) {
        const { sql, parameters } = selectLines(filter, window, place, 101);
        const plan = await logs.database.single.query<Record<string, unknown>[]>(
          `EXPLAIN PARTITIONS ${sql}`,
          [...parameters],
        );
        expect(plan).toMatchObject([{ type: 'range', key }]);
        expect(String(plan[0]?.['Extra'])).not.toContain('filesort');
        expect(String(plan[0]?.['partitions']).split(',').length).toBeLessThanOrEqual(2);
      }
    }
  });
});

function newestFirst(lines: readonly LogLine[]): string[] {
  return lines.toSorted((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1)).map(({ id }) => id);
}

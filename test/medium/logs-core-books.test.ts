import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configDefinitions } from '../../src/app.config.js';
import { checkLogs, retainLogs } from '../../src/logs.command.js';
import { addDays, DAY_MS, dayOf } from '../../src/modules/logs/domain/days.js';
import { DAYS_AHEAD, partitionName } from '../../src/modules/logs/domain/partition-plan.js';
import { LogRetention } from '../../src/modules/logs/index.js';
import { PartitionRepository } from '../../src/modules/logs/store/partition.repository.js';
import { loadConfig } from '../../src/platform/config/index.js';
import { logLine, logLines, someDevice, TestLogs } from '../factories/logs.js';
import { setClockAhead } from '../factories/test-clock.js';
import { bearer, createUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const today = dayOf(Date.now());
const TABLES = ['log_entries', 'logs'];

describe('the days of the logs', () => {
  let logs: TestLogs;
  beforeAll(async () => {
    logs = await TestLogs.create();
  });
  afterAll(() => logs.close());

  const config = () => loadConfig(logs.test.environment, configDefinitions);

  async function partitions(table: string): Promise<string[]> {
    const rows = await logs.sql(
      `SELECT PARTITION_NAME AS name FROM information_schema.PARTITIONS
       WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY PARTITION_ORDINAL_POSITION`,
      table,
    );
    return rows.map((row) => String(row['name']));
  }

  function daysFrom(first: number, last: number): string[] {
    return Array.from({ length: last - first + 1 }, (_, index) => addDays(today, first + index));
  }

  async function countIn(partition: string, deviceId: string): Promise<number> {
    const [row] = await logs.sql(
      `SELECT COUNT(*) AS count FROM logs PARTITION (${partition}) WHERE device_id = ?`,
      deviceId,
    );
    return Number(row?.['count']);
  }

  it('are made a week ahead when a worker starts', async () => {
    const expected = [...daysFrom(-1, DAYS_AHEAD).map(partitionName), 'p_later'];
    for (const table of TABLES) {
      await waitUntil('the partitions', async () => (await partitions(table)).length > 1);
      expect(await partitions(table)).toEqual(expected);
    }
  });

  it('take each line by its own time, also one that is older or later than all of them', async () => {
    const device = someDevice();
    const at = [-20, -1, 0, 3, 30].map((days) => Date.now() + days * DAY_MS);
    await logs.accept(at.map((created_at) => logLine({ device_id: device, created_at })));
    await logs.drain();
    expect(await countIn(partitionName(addDays(today, -1)), device)).toBe(2);
    expect(await countIn(partitionName(today), device)).toBe(1);
    expect(await countIn(partitionName(addDays(today, 3)), device)).toBe(1);
    expect(await countIn('p_later', device)).toBe(1);
  });

  it('are worked on by one process at a time', async () => {
    const retention = logs.test.app.get(LogRetention);
    const inner = await logs.worker
      .get(PartitionRepository, { strict: false })
      .exclusively(() => retention.apply());
    expect(inner).toBeUndefined();
  });

  it('are dropped by age; a dry run only tells; the books close before and after', async () => {
    const device = someDevice();
    const old = { device_id: device, created_at: Date.now() - 3 * DAY_MS };
    const late = { device_id: device, created_at: Date.now() + 30 * DAY_MS };
    const { receiptId } = await logs.accept([...logLines(5, device), logLine(old), logLine(late)]);
    await logs.drain();
    const retention = logs.test.app.get(LogRetention);
    setClockAhead(logs.test, 40 * DAY_MS);
    const before = await partitions('logs');
    const planned = await retention.apply({ isDryRun: true });
    expect(await partitions('logs')).toEqual(before);
    expect(await retention.apply()).toEqual(planned);
    expect(planned?.dropped.filter(({ table }) => table === 'logs').map(({ day }) => day)).toEqual(
      daysFrom(-1, DAYS_AHEAD),
    );
    const lines = planned?.dropped.filter(({ table }) => table === 'logs').map((drop) => drop.lines);
    // Of this test and the one before: older and of yesterday, of today, in three days.
    expect(lines).toEqual([3, 6, 0, 0, 1, 0, 0, 0, 0]);
    for (const table of TABLES) {
      expect(await partitions(table)).toEqual([
        ...daysFrom(DAYS_AHEAD + 1, 40 + DAYS_AHEAD).map(partitionName),
        'p_later',
      ]);
    }
    expect(await logs.stored(device)).toHaveLength(1);
    expect(await countIn(partitionName(addDays(today, 30)), device)).toBe(1);
    expect(await logs.intake.fate(receiptId)).toBeUndefined();
    expect(await logs.accounting.check()).toMatchObject({ agrees: true, report: { droppedLines: 10 } });
    setClockAhead(logs.test, 0);

    // What comes late for a day that is gone is kept in the oldest there is, and counted.
    await logs.accept([logLine(old)]);
    await logs.drain();
    expect(await logs.stored(device)).toHaveLength(2);
    expect(await logs.accounting.check()).toMatchObject({ agrees: true });
  });

  it('are made and dropped by a command, too', async () => {
    const { output, exitCode } = await retainLogs(config(), { 'dry-run': true });
    expect([output, exitCode]).toEqual(['Logs are kept for 30 days.\nThere is nothing to do.\n', 0]);
    expect(JSON.parse((await retainLogs(config(), { json: true })).output)).toEqual({
      retention_days: 30,
      made: [],
      dropped: [],
      forgotten_refusals: 0,
    });
  });
});

describe('the books of the logs', () => {
  let logs: TestLogs;
  beforeAll(async () => {
    logs = await TestLogs.create();
    await logs.accept(logLines(10, 'device'));
    await logs.accept([logLine({ device_id: 'd'.repeat(51) })]);
    await logs.drain();
    await logs.accept(logLines(3, 'device'));
  });
  afterAll(() => logs.close());

  const config = () => loadConfig(logs.test.environment, configDefinitions);

  it('are shown to operators', async () => {
    const operator = bearer((await createUser(logs.test, { role: 'operator' })).apiKey);
    const answer = await logs.test.app.inject({ url: '/api/logs/accounting', headers: operator });
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      {
        is_closed: true,
        accepted_lines: 14,
        stored_lines: 10,
        quarantined_lines: 1,
        discarded_lines: 0,
        pending_lines: 3,
        difference_lines: 0,
        dropped_lines: 0,
        missing_entries: 0,
        backlog: {
          entries: 1,
          bytes: expect.any(Number),
          limit_bytes: 512 * 1024 * 1024,
          lag_seconds: expect.any(Number),
        },
      },
    ]);
    const user = bearer((await createUser(logs.test)).apiKey);
    expect((await logs.test.app.inject({ url: '/api/logs/accounting', headers: user })).statusCode).toBe(403);
  });

  it('are shown as metrics', async () => {
    const operator = bearer((await createUser(logs.test, { role: 'operator' })).apiKey);
    const { body } = await logs.test.app.inject({ url: '/metrics', headers: operator });
    expect(body).toMatch(/^lockkeeper_logs_backlog_entries 1$/m);
    expect(body).toMatch(/^lockkeeper_logs_backlog_lines 3$/m);
    expect(body).toMatch(/^lockkeeper_logs_backlog_limit_bytes 536870912$/m);
    expect(body).toMatch(/^lockkeeper_logs_accepted_lines_total\{source="ndjson",process="api-0"\} \d+$/m);
    expect(body).toMatch(/^lockkeeper_logs_backlog_bytes [1-9]\d*$/m);
  });

  it('agree with the tables', async () => {
    expect(await checkLogs(config(), {})).toEqual({
      output: 'Accepted 14 lines: 10 stored, 1 in quarantine, 0 discarded, 3 pending.\nAll agree.\n',
      exitCode: 0,
    });
  });

  it.each([
    ['a line', 'DELETE FROM logs LIMIT 1', 'rows of logs: 9, the sums say 10.'],
    [
      'a line twice',
      `INSERT INTO logs (id, created_at, device_id, log_level, message)
       SELECT UUID(), created_at, device_id, log_level, message FROM logs LIMIT 2`,
      'rows of logs: 11, the sums say 10.',
    ],
    ['an entry', 'DELETE FROM log_entries LIMIT 1', 'lines of the entries in log_entries: '],
    ['a refusal', 'DELETE FROM log_quarantine', 'lines in log_quarantine: 0, the sums say 1.'],
    [
      'a sum',
      'UPDATE log_days SET stored_lines = stored_lines + 1 LIMIT 1',
      'lines stored, quarantined or discarded of all entries: 12, the sums say 11.',
    ],
  ])('tell that the database has lost or doubled %s', async (_what, statement, expected) => {
    await logs.sql(statement);
    const { output, exitCode } = await checkLogs(config(), {});
    expect(exitCode).toBe(1);
    expect(output).toContain(expected);
  });

  it('tell that somebody has trimmed the stream', async () => {
    await expect(checkLogs(config(), { 'write-off': true })).rejects.toThrow('Logs wait to be stored');
    await logs.redis.xtrim('logs:stream', 'MAXLEN', 0);
    const { output, exitCode } = await checkLogs(config(), { json: true });
    expect([JSON.parse(output), exitCode]).toMatchObject([{ agrees: false, missing_entries: 1 }, 1]);
  });
});

describe('after Redis has lost what was in it', () => {
  it('the books close again once that is written off', async () => {
    const logs = await TestLogs.create();
    try {
      const config = loadConfig(logs.test.environment, configDefinitions);
      await logs.accept(logLines(10, 'device'));
      await logs.drain();
      await logs.accept(logLines(3, 'device'));
      await logs.redis.flushdb();
      expect(await logs.accounting.report()).toMatchObject({ isClosed: false, differenceLines: -10 });
      expect((await checkLogs(config, { 'write-off': true })).exitCode).toBe(0);
      await logs.accept(logLines(5, 'device'));
      await logs.drain();
      expect(await logs.accounting.check()).toMatchObject({
        agrees: true,
        report: { acceptedLines: 15, storedLines: 15, pendingLines: 0 },
      });
    } finally {
      await logs.close();
    }
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { LogRetention } from '../../src/modules/logs/index.js';
import { DevicePages } from '../../src/modules/logs/query/cache/device-pages.js';
import { TailClient } from '../factories/log-tails.js';
import { LogReading } from '../factories/log-reading.js';
import { logLine, logLines, someDevice, TestLogs } from '../factories/logs.js';
import { setClockAhead } from '../factories/test-clock.js';
import { createTestWorker } from '../factories/test-worker.js';
import { waitUntil } from '../factories/wait.js';

describe('what writers store', () => {
  let logs: TestLogs;
  let reading: LogReading;
  let url: string;
  beforeAll(async () => {
    logs = await TestLogs.create({}, { LOCKKEEPER_LOGS_CLAIM_IDLE_MS: '100' });
    await logs.test.app.listen(0, '127.0.0.1');
    url = await logs.test.app.getUrl();
    reading = await LogReading.create(logs.test);
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(async () => {
    await reading.close();
    await logs.close();
  });

  it('is on the page of its device and in its tail at once', async () => {
    const device_id = someDevice();
    const tail = await TailClient.open(url, reading.headers, { device_id });
    for (const message of ['first', 'second']) {
      await reading.device(device_id);
      expect((await reading.device(device_id)).source).toBe('cache');
      await logs.accept([
        logLine({ device_id, message, log_data: { n: 1 }, log_level: 'ERROR' }),
        logLine({ device_id: someDevice() }),
      ]);
      await logs.drain();
      const page = await reading.device(device_id);
      expect(page.source).toBe('database');
      expect(page.data[0]).toMatchObject({ message });
    }
    await waitUntil('both are shown', () => tail.messages.length === 2);
    const { items } = await reading.search({ device_id });
    expect(tail.of('line')).toEqual(items.toReversed());
    tail.leave();
  });

  it('is on the page by the time that who sent it is told', async () => {
    const worker = await createTestWorker({ ...logs.test.environment, LOCKKEEPER_LOGS_WRITERS: '2' });
    const device_id = someDevice();
    for (let count = 1; count <= 10; count++) {
      await reading.device(device_id);
      await logs.accept([logLine({ device_id })], 'stored');
      expect((await reading.device(device_id)).total).toBe(count);
    }
    await worker.close();
  });

  it('is told of also if the writer dies between its commit and that', async () => {
    const device_id = someDevice();
    const tail = await TailClient.open(url, reading.headers, { device_id });
    await reading.device(device_id);
    await logs.accept([logLine({ device_id })]);
    const pages = logs.worker.get(DevicePages, { strict: false });
    vi.spyOn(pages, 'invalidate').mockRejectedValueOnce(new Error('it died'));
    await expect(logs.writer(1).writer.writeOnce(1)).rejects.toThrow('it died');
    // It is stored, and nobody knows.
    expect(await logs.stored(device_id)).toHaveLength(1);
    expect((await reading.device(device_id)).total).toBe(0);
    const { writer } = logs.writer(2);
    await waitUntil('another writer has taken over', async () => {
      const written = await writer.writeOnce(1);
      return written?.skippedEntries === 1;
    });
    expect((await reading.device(device_id)).total).toBe(1);
    expect(await logs.stored(device_id)).toHaveLength(1);
    await logs.accept([logLine({ device_id, message: 'last' })]);
    await logs.drain();
    await waitUntil('the last is shown', () => tail.messages.includes('last'));
    expect(tail.messages).toEqual(['hello', 'last']);
    tail.leave();
  });

  it('is counted by level until its day is dropped', async () => {
    const read = async () => {
      await logs.redis.del('cache:stats');
      return (await reading.get('stats')).json<{
        total_logs: number;
        logs_by_level: Record<string, number>;
      }>();
    };
    const before = await read();
    const device_id = someDevice();
    await logs.accept([
      ...logLines(7, device_id),
      ...logLines(2, device_id).map((line) => ({ ...line, log_level: 'DEBUG' as const })),
    ]);
    await logs.drain();
    const after = await read();
    expect(after.total_logs).toBe(before.total_logs + 9);
    expect(after.logs_by_level['INFO']).toBe((before.logs_by_level['INFO'] ?? 0) + 7);
    expect(after.logs_by_level['DEBUG']).toBe((before.logs_by_level['DEBUG'] ?? 0) + 2);
    const [counted] = await logs.sql<{ count: string }[]>('SELECT COUNT(*) AS count FROM logs');
    expect(after.total_logs).toBe(Number(counted?.count));
    expect(Object.values(after.logs_by_level).reduce((sum, count) => sum + count, 0)).toBe(after.total_logs);
    setClockAhead(logs.test, 40 * 86_400_000);
    await logs.test.app.get(LogRetention).apply();
    setClockAhead(logs.test, 0);
    expect(await read()).toEqual({ total_logs: 0, logs_by_level: {}, recent_devices: [] });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logLine, logLines, TestLogs } from '../factories/logs.js';
import { waitUntil } from '../factories/wait.js';

interface LogHealthReport {
  status: string;
  reasons?: string[];
  queue_size: number;
  details: {
    logs: Record<string, unknown> & { status: string; message?: string };
    log_quarantine: Record<string, unknown>;
  };
}

describe('the logs in the health report', () => {
  let logs: TestLogs;
  beforeAll(async () => {
    logs = await TestLogs.create({ LOCKKEEPER_LOGS_BACKLOG_BYTES: '20000' });
  });
  afterAll(() => logs.close());

  const report = async () => (await logs.test.app.inject({ url: '/health' })).json<LogHealthReport>();
  /** The report is kept for a second. */
  const logsOnce = (what: string, isSo: (part: LogHealthReport['details']['logs']) => boolean) =>
    waitUntil(what, async () => {
      const part = (await report()).details.logs;
      return isSo(part) && part;
    });

  it('are well while nothing waits, with writers or without', async () => {
    const health = await report();
    expect(health.details.logs).toMatchObject({
      status: 'up',
      backlog_lines: 0,
      backlog_bytes: 0,
      backlog_limit_bytes: 20_000,
      lag_ms: 0,
      active_writers: 0,
    });
    expect(health.details.log_quarantine).toMatchObject({ status: 'up', quarantined_lines: 0, items: 0 });
    expect(health.queue_size).toBe(0);
  });

  it('are degraded while lines wait and no writer takes them, and well when one does', async () => {
    await logs.accept(logLines(3, 'health'));
    const waiting = await logsOnce('the lines that wait', (part) => part['backlog_lines'] === 3);
    expect(waiting).toMatchObject({
      status: 'degraded',
      message: 'No writer takes logs: they wait in the queue.',
      active_writers: 0,
    });
    expect((await report()).reasons).toContain('No writer takes logs: they wait in the queue.');
    await logs.drain();
    const well = await logsOnce('nothing waits', (part) => part['backlog_lines'] === 0);
    expect(well).toMatchObject({ status: 'up', active_writers: 1, backlog_bytes: 0, lag_ms: 0 });
  });

  it('are degraded when there is hardly room for more', async () => {
    await logs.accept([logLine({ device_id: 'health', message: 'x'.repeat(5_000) })]);
    expect(await logsOnce('a line that waits', (part) => part['backlog_lines'] === 1)).toMatchObject({
      status: 'up',
    });
    await logs.accept([logLine({ device_id: 'health', log_data: { long: 'x'.repeat(11_000) } })]);
    expect(await logsOnce('two lines that wait', (part) => part['backlog_lines'] === 2)).toMatchObject({
      status: 'degraded',
      message: 'There is hardly room for more logs: they come faster than they are stored.',
    });
    await logs.drain();
    await logsOnce('nothing waits', (part) => part.status === 'up');
  });

  it('tell how many lines are in quarantine', async () => {
    await logs.redis.xadd(
      'logs:stream',
      '*',
      'receipt',
      logLine().id,
      'lines',
      '2',
      'bytes',
      '1',
      'payload',
      '?',
    );
    await logs.drain();
    await waitUntil('the lines in quarantine', async () => {
      const part = (await report()).details.log_quarantine;
      return part['quarantined_lines'] === 2 && part['items'] === 1;
    });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logEntryTooLarge } from '../../src/modules/logs/index.js';
import { logLine, logLines, someDevice, TestLogs } from '../factories/logs.js';
import { waitUntil } from '../factories/wait.js';

const STREAM = 'logs:stream';

describe('logs that are taken in', () => {
  let logs: TestLogs;
  beforeAll(async () => {
    logs = await TestLogs.create({ LOCKKEEPER_LOGS_STORED_WAIT_MS: '300' });
  });
  afterAll(() => logs.close());

  it('are stored in the order of their request, one entry for each', async () => {
    const device = someDevice();
    const lines = logLines(300, device);
    await logs.accept(lines);
    expect(await logs.redis.xlen(STREAM)).toBe(1);
    expect(await logs.drain()).toBe(300);
    expect((await logs.stored(device)).map((line) => line.id)).toEqual(lines.map((line) => line.id));
    expect(await logs.redis.xlen(STREAM)).toBe(0);
  });

  it('share an entry and a receipt if they come alone and at once', async () => {
    const device = someDevice();
    const lines = logLines(50, device);
    const receipts = await Promise.all(lines.map((line) => logs.intake.acceptSingle(line, 'queued')));
    const entries = await logs.redis.xlen(STREAM);
    expect(entries).toBeLessThan(10);
    expect(new Set(receipts.map((receipt) => receipt.receiptId)).size).toBe(entries);
    await logs.drain();
    expect((await logs.stored(device)).map((line) => line.message)).toEqual(
      lines.map((line) => line.message),
    );
  });

  it('have a receipt that tells their fate', async () => {
    const { receiptId, fate } = await logs.accept(logLines(2, someDevice()));
    expect(fate).toBe('queued');
    expect(await logs.intake.fate(receiptId)).toBe('queued');
    await logs.drain();
    expect(await logs.intake.fate(receiptId)).toBe('stored');
    expect(await logs.intake.fate('01890000-0000-7000-8000-000000000000')).toBeUndefined();
  });

  it('are committed before the answer, with ack=stored', async () => {
    const device = someDevice();
    const accepted = logs.accept(logLines(3, device), 'stored');
    const single = logs.intake.acceptSingle(logLine({ device_id: device }), 'stored');
    await waitUntil('both entries', async () => (await logs.redis.xlen(STREAM)) === 2);
    await logs.drain();
    expect([(await accepted).fate, (await single).fate]).toEqual(['stored', 'stored']);
    expect(await logs.stored(device)).toHaveLength(4);
  });

  it('are answered with their receipt if ack=stored takes too long', async () => {
    const device = someDevice();
    const refused = await logs.accept(logLines(1, device), 'stored').catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'log_store_pending', retryAfterSeconds: 1 });
    const { receipt_id: receiptId } = (refused as { details: { receipt_id: string } }).details;
    expect(await logs.intake.fate(receiptId)).toBe('queued');
    await logs.drain();
    expect(await logs.intake.fate(receiptId)).toBe('stored');
  });

  it('are taken in once if the same request comes again', async () => {
    const device = someDevice();
    const request = { lines: logLines(2, device), ack: 'queued', source: 'otlp', dedupKey: device } as const;
    const first = await logs.intake.accept(request);
    expect((await logs.intake.accept(request)).receiptId).toBe(first.receiptId);
    await logs.drain();
    expect((await logs.intake.accept(request)).receiptId).toBe(first.receiptId);
    expect(await logs.drain()).toBe(0);
    expect(await logs.stored(device)).toHaveLength(2);
  });

  it('are refused if one is larger than a line may be', async () => {
    const line = logLine({ log_data: { text: 'x'.repeat(1_000_000) } });
    const refused = await logs.accept([logLine(), line]).catch((error: unknown) => error);
    expect(logEntryTooLarge.is(refused) && refused.details).toEqual({ index: 1 });
    expect(await logs.redis.xlen(STREAM)).toBe(0);
  });

  const special = [
    'tab\tfeed\nreturn\rback\\slash\\n\\t\\N\\',
    'nul \0 sub \x1a quote \' " ` percent %_',
    'emoji 😀👩‍👩‍👧 日本語 \u{10FFFF} \uFEFF',
    '\\N',
    ' ends with spaces  ',
    '😀'.repeat(5_000),
  ];

  it.each(['load', 'values'] as const)('keep every character, by way of %s', async (path) => {
    const device = `${someDevice()} 😀\t`;
    logs.store.path = path;
    const lines = special.map((message) =>
      logLine({
        device_id: device,
        message,
        log_data: { [message.slice(0, 20)]: message, half: '\ud800', nested: [null, 1.5, '\\u0000'] },
        created_at: Date.UTC(2026, 1, 28, 23, 59, 59, 7),
        trace_id: '0123456789abcdef0123456789abcdef',
        span_id: '0123456789abcdef',
      }),
    );
    const halved = logLine({ device_id: device, message: 'half \ud83d of a pair', log_level: 'CRITICAL' });
    await logs.accept([...lines, halved]);
    await logs.drain();
    logs.store.path = undefined;
    const stored = await logs.stored(device);
    expect(stored.map((line) => line.message)).toEqual([...special, 'half \ufffd of a pair']);
    expect(stored.slice(0, -1).map((line) => line.log_data)).toEqual(
      lines.map((line) => JSON.stringify(line.log_data)),
    );
    expect(stored[0]).toMatchObject({
      created_at: new Date(Date.UTC(2026, 1, 28, 23, 59, 59, 7)),
      trace_id: '0123456789abcdef0123456789abcdef',
      span_id: '0123456789abcdef',
      log_level: 'INFO',
    });
    expect(stored.at(-1)).toMatchObject({ log_data: null, trace_id: null, log_level: 'CRITICAL' });
  });
});

describe('a backlog that is full', () => {
  it('refuses whole requests, until what waits is stored', async () => {
    const logs = await TestLogs.create({ LOCKKEEPER_LOGS_BACKLOG_BYTES: '20000' });
    try {
      const device = someDevice();
      let accepted = 0;
      const fill = async () => {
        for (;;) {
          await logs.accept(logLines(10, device));
          accepted += 10;
        }
      };
      await expect(fill()).rejects.toMatchObject({ code: 'log_backlog_full', retryAfterSeconds: 1 });
      expect(accepted).toBeGreaterThan(10);
      await logs.drain();
      expect(await logs.stored(device)).toHaveLength(accepted);
      await logs.accept(logLines(10, device));
      await logs.drain();
      expect(await logs.redis.hgetall('{logs:stream}:state')).toMatchObject({
        backlog_bytes: '0',
        backlog_lines: '0',
        backlog_entries: '0',
      });
      expect(await logs.accounting.report()).toMatchObject({ isClosed: true, pendingLines: 0 });
    } finally {
      await logs.close();
    }
  });
});

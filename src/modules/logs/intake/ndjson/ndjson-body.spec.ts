import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { timeWindow } from '../../domain/line-time.js';
import { decodeNdjson } from './ndjson-body.js';

const NOW_MS = Date.UTC(2026, 0, 15, 12);
const context = { window: timeWindow(NOW_MS, 30), bodyBytes: 100 };
const read = (body: string | Buffer) => decodeNdjson(Buffer.from(body), context);

describe('NDJSON', () => {
  it('reads what pino writes', () => {
    const written: string[] = [];
    const logger = pino(
      { level: 'trace', base: { pid: 1, hostname: 'host-1' }, timestamp: () => `,"time":${NOW_MS - 10}` },
      { write: (text: string) => void written.push(text) },
    );
    logger.trace('one');
    logger.warn({ order: 7, trace_id: 'ab'.repeat(16) }, 'two');
    logger.fatal(new Error('three'));
    logger.info({ only: 'data' });
    const { lines, faults } = read(written.join(''));
    expect(faults).toEqual([]);
    expect(lines.map((line) => [line.log_level, line.message])).toEqual([
      ['DEBUG', 'one'],
      ['WARNING', 'two'],
      ['CRITICAL', 'three'],
      ['INFO', '(empty)'],
    ]);
    expect(lines[1]).toMatchObject({
      device_id: 'host-1',
      created_at: NOW_MS - 10,
      trace_id: 'ab'.repeat(16),
      log_data: { pid: 1, hostname: 'host-1', order: 7 },
    });
    expect(lines[2]?.log_data).toMatchObject({ err: { type: 'Error', stack: expect.any(String) as string } });
  });

  it("reads the seed's fields, by the seed's rules", () => {
    const { lines, faults } = read(
      '{"device_id":"d","log_level":"info","message":"m"}\n{"device_id":"d","log_level":"info","message":""}',
    );
    expect(lines).toMatchObject([{ device_id: 'd', log_level: 'INFO', message: 'm' }]);
    expect(faults.map(String)).toEqual(['message must not be empty']);
  });

  it('skips empty lines, takes CRLF, and reports each bad line by its number', () => {
    const { lines, faults } = read('\n{"msg":"a"}\r\n\r\n  \n{bad\n[]\n5\n{"msg":"b"}');
    expect(lines.map((line) => line.message)).toEqual(['a', 'b']);
    expect(faults.map((fault) => [fault.index, fault.message])).toEqual([
      [4, expect.stringMatching(/^is not JSON: /)],
      [5, 'must be an object'],
      [6, 'must be an object'],
    ]);
  });

  it('takes the other lines where one is not UTF-8', () => {
    const { lines, faults } = read(
      Buffer.concat([Buffer.from('{"msg":"a"}\n{"msg":"'), Buffer.from([0xff]), Buffer.from('"}\n')]),
    );
    expect(lines).toHaveLength(1);
    expect(faults).toMatchObject([{ index: 1, message: 'is not UTF-8' }]);
  });

  it('reports what is nested too deep', () => {
    const deep = `{"msg":${'['.repeat(5000)}${']'.repeat(5000)}}`;
    expect(read(deep).faults).toMatchObject([{ message: 'may be nested at most 32 levels deep' }]);
  });
});

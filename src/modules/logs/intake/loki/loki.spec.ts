import { describe, expect, it } from 'vitest';
import { lokiProtobuf } from '../../../../../test/factories/log-bodies.js';
import { timeWindow } from '../../domain/line-time.js';
import { decodeLokiJson } from '../../domain/loki-json.js';
import { lokiLines } from '../../domain/loki-lines.js';
import { decodeLokiProtobuf } from './loki-protobuf.js';

const NOW_MS = Date.UTC(2026, 0, 15, 12);
const context = { window: timeWindow(NOW_MS, 30), bodyBytes: 100 };
const TRACE_ID = 'ab'.repeat(16);

function readJson(stream: object, ...values: unknown[]) {
  return lokiLines(decodeLokiJson({ streams: [{ stream, values }] }), 'team-a', context);
}

describe('a push to Loki', () => {
  it('means the same as JSON and as protobuf', () => {
    const timeMs = NOW_MS - 77;
    const json = readJson({ app: 'shop', level: 'warn' }, [
      `${timeMs}123456`,
      'hello',
      { trace_id: TRACE_ID },
    ]);
    const bytes = lokiProtobuf('{app="shop",level="warn"}', [
      { timeMs, line: 'hello', metadata: { trace_id: TRACE_ID } },
    ]);
    const protobuf = lokiLines(decodeLokiProtobuf(bytes), 'team-a', context);
    const expected = {
      device_id: 'shop',
      log_level: 'WARNING',
      message: 'hello',
      created_at: timeMs,
      trace_id: TRACE_ID,
      span_id: null,
      log_data: {
        labels: { app: 'shop', level: 'warn' },
        metadata: { trace_id: TRACE_ID },
        tenant: 'team-a',
      },
    };
    expect(json.lines).toMatchObject([expected]);
    expect(protobuf.lines).toMatchObject([expected]);
    expect([json.areAllTimed, protobuf.areAllTimed]).toEqual([true, true]);
  });

  it.each(['NaN', '', 'now', null, {}, '-1', Number.NaN])('has our time if its own is %j', (time) => {
    const { lines, areAllTimed } = readJson({ app: 'x' }, [time, 'hello']);
    expect(lines[0]).toMatchObject({ created_at: NOW_MS });
    expect(areAllTimed).toBe(false);
  });

  it('keeps a time that is not sane beside ours', () => {
    const { lines } = readJson({ app: 'x' }, ['1000000000', 'hello']);
    expect(lines[0]).toMatchObject({ created_at: NOW_MS, log_data: { given_timestamp: 1000 } });
  });

  it.each([
    [{ level: 'fatal' }, 'CRITICAL'],
    [{ level: 'silly' }, 'DEBUG'],
    [{ level: '50' }, 'ERROR'],
    [{ severity: 'Notice' }, 'INFO'],
    [{ level: 'purple' }, 'INFO'],
    [{}, 'INFO'],
  ])('takes its level from the labels %j', (labels, level) => {
    expect(readJson(labels, ['NaN', 'x']).lines[0]?.log_level).toBe(level);
  });

  it('has the most exact label for its device', () => {
    expect(readJson({ job: 'j', host: 'h' }, ['NaN', 'x']).lines[0]?.device_id).toBe('h');
    expect(readJson({ zone: 'z' }, ['NaN', 'x']).lines[0]?.device_id).toBe('unknown');
    expect(readJson({ app: 'a'.repeat(51) }, ['NaN', 'x']).lines[0]?.device_id).toBe('a'.repeat(50));
  });

  it('keeps entries that are none as what they are, beside the others', () => {
    const { lines, faults } = readJson({ app: 'x' }, 5, ['NaN'], ['NaN', 'good'], ['NaN', '']);
    expect(lines.map((line) => line.message)).toEqual(['5', '["NaN"]', 'good', '(empty)']);
    expect(lines[1]).toMatchObject({
      device_id: 'x',
      log_level: 'WARNING',
      log_data: { unreadable: 'values must each have a text second', tenant: 'team-a' },
    });
    expect(faults.map((fault) => fault.index)).toEqual([0, 1]);
  });

  it('has no lines if no entry is one', () => {
    expect(readJson({ app: 'x' }, 5, ['NaN'])).toMatchObject({
      lines: [],
      faults: [{ index: 0 }, { index: 1 }],
    });
  });

  it.each([
    null,
    5,
    {},
    { streams: 5 },
    { streams: [5] },
    { streams: [{ stream: [], values: [] }] },
    { streams: [{ stream: {} }] },
  ])('is refused whole as %j', (body) => {
    expect(() => decodeLokiJson(body)).toThrow(/must/);
  });

  it('is refused as protobuf wherever it is cut off', () => {
    const bytes = lokiProtobuf('{app="shop"}', [{ timeMs: NOW_MS, line: 'hello' }]);
    for (let length = 1; length < bytes.length; length++) {
      expect(() => decodeLokiProtobuf(bytes.subarray(0, length)), String(length)).toThrow();
    }
  });
});

import { describe, expect, it } from 'vitest';
import {
  otlpJson,
  otlpProtobuf,
  type OtlpTestBatch,
  type OtlpTestRecord,
} from '../../../../../test/factories/log-bodies.js';
import { timeWindow } from '../../domain/line-time.js';
import { decodeOtlpJson } from '../../domain/otlp-json.js';
import { otlpLines } from '../../domain/otlp-lines.js';
import { decodeOtlpProtobuf } from './otlp-protobuf.js';

const NOW_MS = Date.UTC(2026, 0, 15, 12);
const context = { window: timeWindow(NOW_MS, 30), bodyBytes: 100 };

const encodings = {
  json: (batch: OtlpTestBatch) => decodeOtlpJson(JSON.parse(JSON.stringify(otlpJson(batch)))),
  protobuf: (batch: OtlpTestBatch) => decodeOtlpProtobuf(otlpProtobuf(batch)),
};

describe.each(['json', 'protobuf'] as const)('OTLP as %s', (encoding) => {
  const read = (batch: OtlpTestBatch) => otlpLines(encodings[encoding](batch), context);
  const readOne = (record: OtlpTestRecord, resource = {}) => {
    const { lines, faults } = read({ resource, records: [record] });
    expect(faults).toEqual([]);
    expect(lines).toHaveLength(1);
    return lines[0]!;
  };

  it('keeps all there is of a record', () => {
    const record = {
      timeMs: NOW_MS - 1234,
      severityNumber: 17,
      severityText: 'ERROR!',
      body: 'It broke.',
      attributes: {
        text: 'x',
        whole: -7,
        part: 1.5,
        yes: true,
        none: null,
        bytes: Buffer.from([1, 2]),
        list: [1, 'a', [false]],
        map: { b: { c: 1 } },
      },
      traceId: 'AB'.repeat(16),
      spanId: 'CD'.repeat(8),
      eventName: 'broke',
    };
    const batch = {
      resource: { 'service.name': 'shop', zone: 'a' },
      scope: { name: 'lib', version: '1' },
      records: [record],
    };
    const { lines, faults, areAllTimed } = read(batch);
    expect(faults).toEqual([]);
    expect(areAllTimed).toBe(true);
    expect(lines).toEqual([
      {
        id: expect.any(String) as string,
        device_id: 'shop',
        log_level: 'ERROR',
        message: 'It broke.',
        created_at: NOW_MS - 1234,
        trace_id: 'ab'.repeat(16),
        span_id: 'cd'.repeat(8),
        log_data: {
          attributes: { ...record.attributes, bytes: 'AQI=' },
          resource: { 'service.name': 'shop', zone: 'a' },
          scope: { name: 'lib', version: '1' },
          severity_text: 'ERROR!',
          severity_number: 17,
          event_name: 'broke',
        },
      },
    ]);
  });

  it.each([
    [{ 'device.id': 'd', 'service.instance.id': 'i', 'service.name': 's' }, 'd'],
    [{ 'service.instance.id': 'i', 'service.name': 's', 'host.name': 'h' }, 'i'],
    [{ 'service.instance.id': '', 'service.name': 's', 'host.name': 'h' }, 's'],
    [{ 'host.name': 'h' }, 'h'],
    [{ 'device.id': 7 }, '7'],
    [{ 'host.name': 'h'.repeat(60) }, 'h'.repeat(50)],
    [{}, 'unknown'],
  ])('names the device of %j', (resource, deviceId) => {
    expect(readOne({ body: 'x' }, resource).device_id).toBe(deviceId);
  });

  it.each([
    [1, 'DEBUG'],
    [8, 'DEBUG'],
    [9, 'INFO'],
    [13, 'WARNING'],
    [20, 'ERROR'],
    [24, 'CRITICAL'],
    [25, 'INFO'],
    [0, 'INFO'],
  ])('reads the severity %i as %s', (severityNumber, level) => {
    expect(readOne({ body: 'x', severityNumber }).log_level).toBe(level);
  });

  it('reads the text of a severity where there is no number', () => {
    expect(readOne({ body: 'x', severityText: 'warn' }).log_level).toBe('WARNING');
  });

  it('takes the time of observation, then ours', () => {
    expect(readOne({ body: 'x', observedMs: NOW_MS - 5 }).created_at).toBe(NOW_MS - 5);
    expect(readOne({ body: 'x' }).created_at).toBe(NOW_MS);
    expect(read({ records: [{ body: 'x' }] }).areAllTimed).toBe(false);
  });

  it('keeps a time that is not sane beside ours', () => {
    const line = readOne({ body: 'x', timeMs: 1_000 });
    expect(line.created_at).toBe(NOW_MS);
    expect(line.log_data).toEqual({ given_timestamp: '1970-01-01T00:00:01.000Z' });
  });

  it.each([
    [{ body: { a: [1] } }, '{"a":[1]}'],
    [{ body: 5 }, '5'],
    [{ body: '', eventName: 'opened' }, 'opened'],
    [{ eventName: 'opened' }, 'opened'],
    [{ body: '' }, '(empty)'],
    [{}, '(empty)'],
  ])('makes a message of %j', (record, message) => {
    expect(readOne(record).message).toBe(message);
  });

  it('keeps a message that is too long whole beside its beginning', () => {
    const body = 'm'.repeat(5001);
    const line = readOne({ body });
    expect(line.message).toBe('m'.repeat(5000));
    expect(line.log_data).toEqual({ full_message: body });
  });

  it('leaves out a record that is nested too deep, and takes the others', () => {
    let deep: Record<string, never> | { deep: object } = {};
    for (let level = 0; level < 40; level++) deep = { deep };
    const bad = { body: deep as never };
    const { lines, faults } = read({ records: [{ body: 'a' }, bad, { body: 'b' }] });
    expect(lines.map((line) => line.message)).toEqual(['a', 'b']);
    expect(faults).toMatchObject([{ index: 1, message: 'is nested more than 32 levels deep' }]);
  });

  it('takes the name __proto__ for a name', () => {
    const attributes = JSON.parse('{"__proto__": "x"}') as Record<string, string>;
    const line = readOne({ body: 'x', attributes });
    expect(JSON.stringify(line.log_data)).toBe('{"attributes":{"__proto__":"x"}}');
  });
});

describe('OTLP as JSON', () => {
  const record = (fields: object) =>
    decodeOtlpJson({ resourceLogs: [{ scopeLogs: [{ logRecords: [fields] }] }] });

  it('takes 64-bit integers as text or number, and zero ids for none', () => {
    const lines = otlpLines(
      record({
        timeUnixNano: NOW_MS * 1e6,
        traceId: '0'.repeat(32),
        attributes: [{ key: 'n', value: { intValue: 5 } }],
      }),
      context,
    ).lines;
    expect(lines[0]).toMatchObject({
      created_at: NOW_MS,
      trace_id: null,
      log_data: { attributes: { n: 5 } },
    });
  });

  it('keeps an integer that no number can hold as text', () => {
    const value = { key: 'n', value: { intValue: '9007199254740993' } };
    expect(otlpLines(record({ attributes: [value] }), context).lines[0]?.log_data).toEqual({
      attributes: { n: '9007199254740993' },
    });
  });

  it.each([5, null, 'x', { attributes: 5 }, { attributes: [5] }, { attributes: [{ value: {} }] }])(
    'leaves out the record %j',
    (bad) => {
      const batch = decodeOtlpJson({
        resourceLogs: [{ scopeLogs: [{ logRecords: [bad, { body: { stringValue: 'x' } }] }] }],
      });
      const { lines, faults } = otlpLines(batch, context);
      expect([lines.length, faults.length]).toEqual([1, 1]);
    },
  );

  it.each([null, 5, [], { resourceLogs: 5 }, { resourceLogs: [5] }, { resourceLogs: [{ scopeLogs: {} }] }])(
    'refuses %j whole',
    (body) => {
      expect(() => decodeOtlpJson(body)).toThrow(/must be/);
    },
  );

  it('is empty without any field', () => {
    expect(otlpLines(decodeOtlpJson({}), context).lines).toEqual([]);
  });
});

describe('OTLP as protobuf', () => {
  const bytes = otlpProtobuf({ resource: { a: 'b' }, records: [{ body: 'hello there', severityNumber: 9 }] });

  it('is refused wherever it is cut off', () => {
    for (let length = 1; length < bytes.length; length++) {
      expect(() => decodeOtlpProtobuf(bytes.subarray(0, length)), String(length)).toThrow();
    }
  });

  it('is refused with text that is not UTF-8', () => {
    const broken = Buffer.from(bytes);
    broken[broken.indexOf('hello')] = 0xff;
    expect(() => decodeOtlpProtobuf(broken)).toThrow('UTF-8');
  });

  it('is refused with a field of another type', () => {
    const broken = Buffer.from(bytes);
    const severity = broken.lastIndexOf(Buffer.from([0x10, 9]));
    broken[severity] = 0x08;
    expect(() => decodeOtlpProtobuf(broken)).toThrow('another type');
  });

  it('has times that are exact to the millisecond', () => {
    for (let ms = NOW_MS - 500; ms < NOW_MS; ms++) {
      const time = Buffer.alloc(8);
      time.writeBigUInt64LE(BigInt(ms) * 1_000_000n);
      const record = Buffer.concat([Buffer.from([0x09]), time]);
      const scope = Buffer.concat([Buffer.from([0x12, record.length]), record]);
      const resource = Buffer.concat([Buffer.from([0x12, scope.length]), scope]);
      const batch = decodeOtlpProtobuf(Buffer.concat([Buffer.from([0x0a, resource.length]), resource]));
      expect(otlpLines(batch, context).lines[0]?.created_at).toBe(ms);
    }
  });

  it('keeps an integer that no number can hold as text', () => {
    const batch = decodeOtlpProtobuf(
      otlpProtobuf({ records: [{ attributes: { n: 2 ** 60, m: -(2 ** 60) } }] }),
    );
    expect(otlpLines(batch, context).lines[0]?.log_data).toEqual({
      attributes: { n: '1152921504606846976', m: '-1152921504606846976' },
    });
  });
});

import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { compressSync } from 'snappy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lokiProtobuf, otlpJson, otlpProtobuf, type OtlpTestBatch } from '../factories/log-bodies.js';
import { TestLogIntake } from '../factories/log-intake.js';

/** For each sample. */
const GROUPS = 50;
const BODIES_PER_GROUP = 20;

let intake: TestLogIntake;
beforeAll(async () => {
  intake = await TestLogIntake.create({ LOCKKEEPER_LOGS_BODY_LIMIT_BYTES: '65536' });
});
afterAll(() => intake.close());

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const line = {
  device_id: 'fuzz',
  log_level: 'info',
  message: 'what "happened" 😀',
  log_data: { a: [1, null, { b: 'c' }], d: -1.5e3 },
  timestamp: new Date().toISOString(),
  trace_id: 'ab'.repeat(16),
};
const batch: OtlpTestBatch = {
  resource: { 'service.name': 'fuzz', n: 1 },
  scope: { name: 's' },
  records: [
    {
      body: 'hello there',
      timeMs: Date.now(),
      severityNumber: 9,
      traceId: 'ab'.repeat(16),
      attributes: { a: [1, { b: 2.5 }] },
    },
    {
      body: { k: ['v', true] },
      observedMs: Date.now(),
      severityText: 'warn',
      attributes: { blob: Buffer.from([0, 255]) },
    },
  ],
};
const push = {
  streams: [
    {
      stream: { app: 'fuzz', level: 'warn' },
      values: [
        [`${Date.now()}000000`, 'hi', { m: 'x' }],
        ['NaN', 'ho'],
      ],
    },
  ],
};
const pushed = lokiProtobuf('{app="fuzz",q="a "b" c"}', [
  { timeMs: Date.now(), line: 'hi', metadata: { m: 'x' } },
]);
const pinoLine = { level: 30, time: Date.now(), msg: 'hello', hostname: 'h', pid: 1, err: { message: 'no' } };

const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const GZIP = { 'content-encoding': 'gzip' };

interface Sample {
  url: string;
  body: Buffer;
  headers?: Record<string, string>;
  /** What is done to the body after it was mutated. */
  wrap?: (body: Buffer) => Buffer;
}

const samples: [string, Sample][] = [
  ['a line', { url: '/api/log', body: json(line) }],
  ['a batch', { url: '/api/logs/batch', body: json({ logs: [line, line] }) }],
  [
    'NDJSON',
    { url: '/api/logs/ndjson', body: Buffer.concat([json(line), Buffer.from('\n'), json(pinoLine)]) },
  ],
  ['OTLP JSON', { url: '/v1/logs', body: json(otlpJson(batch)) }],
  [
    'OTLP JSON within gzip',
    { url: '/v1/logs', body: json(otlpJson(batch)), headers: GZIP, wrap: (body) => gzipSync(body) },
  ],
  ['OTLP protobuf', { url: '/v1/logs', body: otlpProtobuf(batch), headers: PROTOBUF }],
  [
    'gzip of OTLP protobuf',
    { url: '/v1/logs', body: gzipSync(otlpProtobuf(batch)), headers: { ...PROTOBUF, ...GZIP } },
  ],
  ['Loki JSON', { url: '/loki/api/v1/push', body: json(push) }],
  [
    'Loki protobuf within snappy',
    { url: '/loki/api/v1/push', body: pushed, headers: PROTOBUF, wrap: (body) => compressSync(body) },
  ],
  ['snappy of Loki protobuf', { url: '/loki/api/v1/push', body: compressSync(pushed), headers: PROTOBUF }],
];

/** What breaks readers: ends of ranges, half tokens, names that mean something. */
const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '\n',
  '\0',
  'null',
  '-',
  '1e999',
  '-0',
  '9007199254740993',
  'NaN',
  'true',
  '"__proto__"',
  '"\\ud800"',
  '"constructor"',
  '[['.repeat(200),
  '{"a":'.repeat(100),
  '\ufeff',
  'é',
  '',
]
  .map((token) => Buffer.from(token))
  .concat(
    [
      [0xff],
      [0xff, 0xff, 0xff, 0xff, 0x0f],
      Array(10).fill(0xff) as number[],
      [0x80],
      [0x00],
      [0xc0, 0x80],
      [0x1f, 0x8b],
    ].map((bytes) => Buffer.from(bytes)),
  );

const place = fc.double({ min: 0, max: 1, noNaN: true });
const mutation = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: place, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('set' as const), at: place, byte: fc.nat(255) }),
  fc.record({ kind: fc.constant('cut' as const), at: place }),
  fc.record({ kind: fc.constant('remove' as const), at: place, length: fc.integer({ min: 1, max: 40 }) }),
  fc.record({
    kind: fc.constant('repeat' as const),
    at: place,
    length: fc.integer({ min: 1, max: 60 }),
    times: fc.integer({ min: 1, max: 30 }),
  }),
  fc.record({ kind: fc.constant('insert' as const), at: place, token: fc.constantFrom(...TOKENS) }),
);
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(body: Buffer, change: Mutation): Buffer {
  const at = Math.floor(change.at * body.length);
  const before = body.subarray(0, at);
  switch (change.kind) {
    case 'flip':
    case 'set': {
      const copy = Buffer.from(body);
      if (copy.length > at) copy[at] = change.kind === 'set' ? change.byte : copy[at]! ^ (1 << change.bit);
      return copy;
    }
    case 'cut':
      return before;
    case 'remove':
      return Buffer.concat([before, body.subarray(at + change.length)]);
    case 'repeat': {
      const piece = body.subarray(at, at + change.length);
      return Buffer.concat([before, ...Array.from({ length: change.times }, () => piece), body.subarray(at)]);
    }
    case 'insert':
      return Buffer.concat([before, change.token, body.subarray(at)]);
  }
}

const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 });
const group = fc.array(mutations, { minLength: BODIES_PER_GROUP, maxLength: BODIES_PER_GROUP });
const GOOD_STATUSES = new Set([200, 204, 400, 413, 415, 422]);

describe('bodies that are not what they should be', () => {
  const statuses = new Map<number, number>();
  let sent = 0;

  it.each(samples)(
    '%s: each is answered, and no answer is a 5xx',
    async (_, { url, body, headers, wrap }) => {
      const send = async (changes: readonly Mutation[]) => {
        const mutated = changes.reduce(mutate, body);
        const { statusCode } = await intake.post(url, wrap ? wrap(mutated) : mutated, headers);
        sent++;
        statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
        return statusCode;
      };
      const property = fc.asyncProperty(group, async (bodies) => {
        const answered = await Promise.all(bodies.map(send));
        const wrong = answered.filter((status) => !GOOD_STATUSES.has(status));
        expect(wrong).toEqual([]);
      });
      // A body of a good sample is accepted, so that the mutants are near to what is.
      expect((await intake.post(url, wrap ? wrap(body) : body, headers)).statusCode).toBeLessThan(300);
      await fc.assert(property, { numRuns: GROUPS, endOnFailure: true });
    },
  );

  it('were at least ten thousand, of which some were taken in and most were not', () => {
    expect(sent).toBeGreaterThanOrEqual(10_000);
    expect(statuses.get(200)).toBeGreaterThan(100);
    expect(statuses.get(400)).toBeGreaterThan(100);
  });

  it('left nothing that was taken in and cannot be stored', async () => {
    await intake.logs.drain();
    expect(await intake.logs.sql('SELECT content, error FROM log_quarantine LIMIT 5')).toEqual([]);
  });
});

import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { PbfReader } from 'pbf';
import { compressSync } from 'snappy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lokiProtobuf, otlpJson, otlpProtobuf } from '../factories/log-bodies.js';
import { TestLogIntake } from '../factories/log-intake.js';
import { someDevice } from '../factories/logs.js';

const PROTOBUF = { 'content-type': 'application/x-protobuf' };

let intake: TestLogIntake;
beforeAll(async () => {
  intake = await TestLogIntake.create();
});
afterAll(() => intake.close());

/** The texts of a protobuf message's field. */
function textsIn(message: Buffer, wanted: number): string[] {
  return new PbfReader(message).readFields<string[]>((field, texts, reader) => {
    if (field === wanted) texts.push(reader.readString());
  }, []);
}

const deep = (levels: number): Record<string, never> => {
  let value: Record<string, never> = {};
  for (let level = 0; level < levels; level++) value = { deep: value } as never;
  return value;
};

describe('OTLP', () => {
  const batch = (deviceId: string, body = 'hello') => ({
    resource: { 'service.name': deviceId },
    records: [{ body, severityNumber: 17, timeMs: Date.now() }],
  });

  it('is taken in as JSON and answered as JSON', async () => {
    const deviceId = someDevice();
    const answer = await intake.post('/v1/logs', otlpJson(batch(deviceId)));
    expect([answer.statusCode, answer.headers['content-type'], answer.json()]).toEqual([
      200,
      expect.stringContaining('application/json'),
      {},
    ]);
    expect(await intake.storedOf(deviceId)).toMatchObject([{ message: 'hello', log_level: 'ERROR' }]);
  });

  it('is taken in as protobuf and answered as protobuf', async () => {
    const deviceId = someDevice();
    const answer = await intake.post('/v1/logs', gzipSync(otlpProtobuf(batch(deviceId))), {
      ...PROTOBUF,
      'content-encoding': 'gzip',
    });
    expect([answer.statusCode, answer.headers['content-type'], answer.rawPayload.length]).toEqual([
      200,
      'application/x-protobuf',
      0,
    ]);
    expect(await intake.storedOf(deviceId)).toMatchObject([{ message: 'hello', log_level: 'ERROR' }]);
  });

  it('stores a batch that is sent twice once', async () => {
    const deviceId = someDevice();
    const body = otlpJson(batch(deviceId));
    await intake.post('/v1/logs', body);
    expect((await intake.post('/v1/logs', body)).statusCode).toBe(200);
    expect(await intake.storedOf(deviceId)).toHaveLength(1);
  });

  it('stores what has no time of its own as often as it is sent', async () => {
    const deviceId = someDevice();
    const body = otlpJson({ resource: { 'device.id': deviceId }, records: [{ body: 'again' }] });
    await intake.post('/v1/logs', body);
    await intake.post('/v1/logs', body);
    expect(await intake.storedOf(deviceId)).toHaveLength(2);
  });

  it('stores the good records and counts the others', async () => {
    const deviceId = someDevice();
    const mixed = {
      resource: { 'device.id': deviceId },
      records: [{ body: 'good' }, { body: deep(40) }, { body: deep(50) }],
    };
    const json = await intake.post('/v1/logs', otlpJson(mixed));
    expect(json.statusCode).toBe(200);
    expect(json.json()).toEqual({
      partialSuccess: {
        rejectedLogRecords: '2',
        errorMessage: expect.stringContaining('more than 32 levels') as string,
      },
    });
    const protobuf = await intake.post('/v1/logs', otlpProtobuf(mixed), PROTOBUF);
    expect(protobuf.statusCode).toBe(200);
    const [partialSuccess = ''] = textsIn(protobuf.rawPayload, 1);
    expect(partialSuccess).toContain('\u0008\u0002');
    expect(partialSuccess).toContain('more than 32 levels');
    expect(await intake.storedOf(deviceId)).toHaveLength(2);
  });

  it('is refused in the words of its specification', async () => {
    const json = await intake.post('/v1/logs', '{');
    expect([json.statusCode, json.json()]).toEqual([
      400,
      { message: expect.stringContaining('not JSON') as string },
    ]);
    const protobuf = await intake.post('/v1/logs', Buffer.from([0x0a, 0x05, 0x01]), PROTOBUF);
    expect([protobuf.statusCode, protobuf.headers['content-type']]).toEqual([400, 'application/x-protobuf']);
    expect(textsIn(protobuf.rawPayload, 2)).toEqual([
      expect.stringContaining('not an ExportLogsServiceRequest') as string,
    ]);
  });

  it.each([
    ['no request', Buffer.from('hello')],
    ['text that is not UTF-8', Buffer.from([0x0a, 7, 0x12, 5, 0x12, 3, 0x1a, 1, 0xff])],
    ['nothing but the beginnings of messages', Buffer.alloc(100_000, Buffer.from([0x0a, 0x7f]))],
  ])('refuses protobuf that is %s', async (_, body) => {
    expect((await intake.post('/v1/logs', body, PROTOBUF)).statusCode).toBe(400);
  });

  it('is successful without any logs', async () => {
    expect((await intake.post('/v1/logs', {})).json()).toEqual({});
    expect((await intake.post('/v1/logs', Buffer.alloc(0), PROTOBUF)).statusCode).toBe(200);
  });
});

describe('a push to Loki', () => {
  const push = (body: Buffer | string | object, headers = {}) =>
    intake.post('/loki/api/v1/push', body, headers);
  const json = (app: string, ...values: unknown[]) => ({
    streams: [{ stream: { app, level: 'error' }, values }],
  });
  const nanoseconds = () => `${Date.now()}000000`;

  it('is taken in as JSON, plain or compressed', async () => {
    const app = someDevice();
    const text = (line: string) => JSON.stringify(json(app, [nanoseconds(), line]));
    const answers = [
      await push(text('plain')),
      await push(gzipSync(text('gzip')), { 'content-encoding': 'gzip' }),
      await push(deflateSync(text('deflate')), { 'content-encoding': 'deflate' }),
      await push(deflateRawSync(text('raw deflate')), { 'content-encoding': 'deflate' }),
    ];
    for (const answer of answers) expect([answer.statusCode, answer.body]).toEqual([204, '']);
    const stored = await intake.storedOf(app);
    expect(stored.map(({ message, log_level: level }) => [message, level])).toEqual([
      ['plain', 'ERROR'],
      ['gzip', 'ERROR'],
      ['deflate', 'ERROR'],
      ['raw deflate', 'ERROR'],
    ]);
  });

  it('is taken in as protobuf in snappy, and keeps the tenant', async () => {
    const app = someDevice();
    const body = compressSync(
      lokiProtobuf(`{app="${app}",q="say "hi""}`, [{ timeMs: Date.now(), line: 'x' }]),
    );
    const answer = await push(body, { ...PROTOBUF, 'content-encoding': 'snappy', 'x-scope-orgid': 'team-a' });
    expect(answer.statusCode).toBe(204);
    const [stored] = await intake.storedOf(app);
    expect(JSON.parse(stored?.log_data ?? '')).toEqual({ labels: { app, q: 'say "hi"' }, tenant: 'team-a' });
  });

  it('is stored once if it is sent twice, for each tenant', async () => {
    const app = someDevice();
    const body = json(app, [nanoseconds(), 'x']);
    for (const tenant of ['a', 'a', 'b']) await push(body, { 'x-scope-orgid': tenant });
    expect(await intake.storedOf(app)).toHaveLength(2);
  });

  it('is successful if anything could be read, and keeps the rest as it came', async () => {
    const app = someDevice();
    const answer = await push(json(app, ['NaN', 'good'], ['NaN', 5]));
    expect(answer.statusCode).toBe(204);
    expect((await intake.storedOf(app)).map(({ message }) => message)).toEqual(['good', '["NaN",5]']);
  });

  it('is refused in a line of text', async () => {
    const answer = await push(json('x', 5));
    expect([answer.statusCode, answer.headers['content-type'], answer.body]).toEqual([
      400,
      'text/plain; charset=utf-8',
      'log_lines_invalid: values must each be a list\n',
    ]);
  });

  it.each([
    ['no snappy', Buffer.from('hello there')],
    ['no message', compressSync('hello there')],
    ['labels that are none', compressSync(lokiProtobuf('app', [{ timeMs: 1, line: 'x' }]))],
  ])('refuses protobuf with %s', async (_, body) => {
    expect((await push(body, PROTOBUF)).statusCode).toBe(400);
  });

  it('refuses snappy that would become too large', async () => {
    expect((await push(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]), PROTOBUF)).statusCode).toBe(413);
    expect((await push(compressSync(Buffer.alloc(60 * 1024 * 1024)), PROTOBUF)).statusCode).toBe(413);
  });
});

describe('limits', () => {
  it('refuses what a key sends too fast, in the shape of each route', async () => {
    const limited = await TestLogIntake.create({ LOCKKEEPER_LOGS_RATE_LIMIT_LINES_PER_SECOND: '10' });
    try {
      const lines = Array.from({ length: 40 }, () => ({ device_id: 'd', log_level: 'INFO', message: 'm' }));
      // More than a second's allowance is let through once, and paid for by waiting.
      expect((await limited.post('/api/logs/batch', { logs: lines })).statusCode).toBe(200);
      const seed = await limited.post('/api/log', lines[0]!);
      expect([seed.statusCode, seed.json()]).toMatchObject([429, { code: 'log_rate_exceeded' }]);
      expect(Number(seed.headers['retry-after'])).toBeGreaterThanOrEqual(2);
      expect(Number(seed.headers['retry-after'])).toBeLessThanOrEqual(4);
      const otlp = await limited.post('/v1/logs', otlpJson({ records: [{ body: 'x' }] }));
      expect([otlp.statusCode, Object.keys(otlp.json<object>())]).toEqual([429, ['message']]);
      const loki = await limited.post('/loki/api/v1/push', {
        streams: [{ stream: {}, values: [['NaN', 'x']] }],
      });
      expect([loki.statusCode, loki.body]).toEqual([429, expect.stringMatching(/^log_rate_exceeded: /)]);
    } finally {
      await limited.close();
    }
  });

  it('answers 503, to be tried again, when no more logs may wait', async () => {
    const full = await TestLogIntake.create({ LOCKKEEPER_LOGS_BACKLOG_BYTES: '1000' });
    try {
      const message = 'm'.repeat(900);
      const send = () => full.post('/api/log', { device_id: 'd', log_level: 'INFO', message });
      expect((await send()).statusCode).toBe(200);
      const answers = [
        await send(),
        await full.post('/v1/logs', otlpJson({ records: [{ body: message }] })),
        await full.post('/loki/api/v1/push', { streams: [{ stream: {}, values: [['NaN', message]] }] }),
      ];
      for (const answer of answers)
        expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1']);
    } finally {
      await full.close();
    }
  });

  it('does not call lines lost that are only not stored yet', async () => {
    const patient = await TestLogIntake.create({ LOCKKEEPER_LOGS_STORED_WAIT_MS: '50' });
    try {
      const seed = await patient.post('/api/log?ack=stored', {
        device_id: 'd',
        log_level: 'INFO',
        message: 'm',
      });
      expect([seed.statusCode, seed.json()]).toMatchObject([202, { status: 'received', fate: 'queued' }]);
      const { receipt_id: receiptId } = seed.json<{ receipt_id: string }>();
      expect((await patient.get(`/api/logs/receipts/${receiptId}`)).json()).toMatchObject({ fate: 'queued' });
      const otlp = await patient.post('/v1/logs?ack=stored', otlpJson({ records: [{ body: 'x' }] }));
      expect([otlp.statusCode, otlp.json()]).toEqual([200, {}]);
    } finally {
      await patient.close();
    }
  });

  it('lets anybody send, if that is switched on, but not read or send with a wrong key', async () => {
    const open = await TestLogIntake.create({ LOCKKEEPER_LOGS_ANONYMOUS_INGESTION: 'true' });
    try {
      const { app } = open.logs.test;
      const payload = { device_id: 'd', log_level: 'INFO', message: 'm' };
      const send = (headers = {}) => app.inject({ method: 'POST', url: '/api/log', payload, headers });
      expect((await send()).statusCode).toBe(200);
      expect((await send({ authorization: 'Bearer lk_wrong' })).statusCode).toBe(401);
      expect((await app.inject({ url: '/api/logs/accounting' })).statusCode).toBe(401);
    } finally {
      await open.close();
    }
  });
});

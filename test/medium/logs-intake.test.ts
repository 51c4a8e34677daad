import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestLogIntake } from '../factories/log-intake.js';
import { someDevice } from '../factories/logs.js';
import { createUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const LIMIT_BYTES = 1024 * 1024;

let intake: TestLogIntake;
beforeAll(async () => {
  intake = await TestLogIntake.create({ LOCKKEEPER_LOGS_BODY_LIMIT_BYTES: String(LIMIT_BYTES) });
});
afterAll(() => intake.close());

const line = (fields: object = {}) => ({ device_id: 'd', log_level: 'INFO', message: 'm', ...fields });

describe('POST /api/log', () => {
  it('takes a line in, and says under which ids', async () => {
    const deviceId = someDevice();
    const answer = await intake.post('/api/log', {
      device_id: deviceId,
      log_level: 'warning',
      message: 'hot',
      log_data: { celsius: 99.5 },
      timestamp: new Date(Date.now() - 60_000).toISOString(),
      trace_id: 'AB'.repeat(16),
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      status: 'received',
      message_id: expect.any(String) as string,
      received_at: expect.any(String) as string,
      receipt_id: expect.any(String) as string,
      fate: 'queued',
    });
    const { message_id: id, receipt_id: receiptId } = answer.json<Record<string, string>>();
    expect((await intake.get(`/api/logs/receipts/${receiptId}`)).json()).toEqual({
      receipt_id: receiptId,
      fate: 'queued',
    });
    expect(await intake.storedOf(deviceId)).toMatchObject([
      { id, log_level: 'WARNING', message: 'hot', log_data: '{"celsius":99.5}', trace_id: 'ab'.repeat(16) },
    ]);
    expect((await intake.get(`/api/logs/receipts/${receiptId}`)).json()).toMatchObject({ fate: 'stored' });
  });

  it('answers only when a line is stored, if that is asked for', async () => {
    const deviceId = someDevice();
    const { writer } = intake.logs.writer();
    const answering = intake.post('/api/log?ack=stored', line({ device_id: deviceId }));
    let isAnswered = false;
    void answering.then(() => (isAnswered = true));
    while (!isAnswered) await writer.writeOnce(10);
    expect((await answering).json()).toMatchObject({ status: 'received', fate: 'stored' });
    expect(await intake.logs.stored(deviceId)).toHaveLength(1);
  });

  it.each([
    ['an unknown way to acknowledge', '/api/log?ack=maybe', line(), 'invalid_request'],
    ['51 characters of a device', '/api/log', line({ device_id: 'd'.repeat(51) }), 'log_lines_invalid'],
    ['an empty message', '/api/log', line({ message: '' }), 'log_lines_invalid'],
    ['5001 characters of a message', '/api/log', line({ message: 'm'.repeat(5001) }), 'log_lines_invalid'],
    ['a level that is none', '/api/log', line({ log_level: 'LOUD' }), 'log_lines_invalid'],
    ['a list', '/api/log', [line()], 'log_lines_invalid'],
  ])('refuses %s with 422', async (_, url, body, code) => {
    const answer = await intake.post(url, body);
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code });
  });

  it('names the field that is wrong', async () => {
    const answer = await intake.post('/api/log', line({ log_data: 5 }));
    expect(answer.json()).toMatchObject({
      param: 'log_data',
      detail: 'log_data: must be an object',
      details: { errors: [{ path: 'log_data', message: 'must be an object' }] },
    });
  });
});

describe('POST /api/logs/batch', () => {
  it('takes all lines in, in their order', async () => {
    const deviceId = someDevice();
    const logs = Array.from({ length: 1000 }, (_, index) =>
      line({ device_id: deviceId, message: `m${index}` }),
    );
    const answer = await intake.post('/api/logs/batch', { logs });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ status: 'received', count: 1000, fate: 'queued' });
    const stored = await intake.storedOf(deviceId);
    expect(stored.map(({ id }) => id)).toEqual(answer.json<{ message_ids: string[] }>().message_ids);
    expect(stored.map(({ message }) => message)).toEqual(logs.map(({ message }) => message));
  });

  it('refuses all lines for a bad one, and names each', async () => {
    const deviceId = someDevice();
    const good = line({ device_id: deviceId });
    const bad = [{ ...good, message: '' }, 5, { ...good, device_id: 7 }];
    const answer = await intake.post('/api/logs/batch', { logs: [good, bad[0], good, bad[1], bad[2]] });
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({
      code: 'log_lines_invalid',
      param: 'logs.1.message',
      details: {
        error_count: 3,
        indexes: [1, 3, 4],
        errors: [
          { index: 1, path: 'logs.1.message', message: 'must not be empty' },
          { index: 3, path: 'logs.3', message: 'must be an object' },
          { index: 4, path: 'logs.4.device_id', message: 'must be a text' },
        ],
      },
    });
    expect(await intake.storedOf(deviceId)).toEqual([]);
  });

  it('describes at most twenty bad lines, and names the indexes of all', async () => {
    const answer = await intake.post('/api/logs/batch', { logs: Array.from({ length: 1000 }, () => 5) });
    const { details } = answer.json<{ details: Record<string, unknown[]> }>();
    expect(details['errors']).toHaveLength(20);
    expect(details['indexes']).toHaveLength(1000);
  });

  it.each([
    ['1001 lines', { logs: Array.from({ length: 1001 }, () => line()) }],
    ['no lines', { logs: [] }],
    ['no list', { logs: line() }],
    ['null', 'null'],
  ])('refuses %s with 422', async (_, body) => {
    const answer = await intake.post('/api/logs/batch', body);
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: 'log_lines_invalid', param: 'logs' });
  });
});

describe('POST /api/logs/ndjson', () => {
  const post = (body: string | Buffer, headers = {}) =>
    intake.post('/api/logs/ndjson', body, { 'content-type': 'application/x-ndjson', ...headers });

  it('takes the good lines in and reports the others', async () => {
    const deviceId = someDevice();
    const answer = await post(
      [
        JSON.stringify(line({ device_id: deviceId })),
        '{bad',
        JSON.stringify({ level: 50, time: Date.now(), msg: 'from pino', hostname: deviceId, pid: 4 }),
        JSON.stringify(line({ message: '' })),
      ].join('\n'),
    );
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      status: 'partial',
      accepted: 2,
      rejected: 2,
      errors: [
        { line: 2, message: expect.stringMatching(/^is not JSON/) as string },
        { line: 4, message: 'message must not be empty' },
      ],
    });
    expect(await intake.storedOf(deviceId)).toMatchObject([
      { log_level: 'INFO', message: 'm' },
      { log_level: 'ERROR', message: 'from pino' },
    ]);
  });

  it.each(['', '\n\n', '{bad\n5'])('refuses what has no good line: %j', async (body) => {
    const answer = await post(body);
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: 'log_lines_invalid', details: { accepted: 0 } });
  });

  it('takes the same lines in once under one Idempotency-Key', async () => {
    const deviceId = someDevice();
    const body = JSON.stringify(line({ device_id: deviceId }));
    const first = await post(body, { 'idempotency-key': deviceId });
    const second = await post(body, { 'idempotency-key': deviceId });
    expect(second.json()).toMatchObject({ receipt_id: first.json<{ receipt_id: string }>().receipt_id });
    expect(await intake.storedOf(deviceId)).toHaveLength(1);
  });

  it('refuses more lines than one request may have', async () => {
    const answer = await post('{"msg":"a"}\n'.repeat(50_001));
    expect(answer.statusCode).toBe(413);
    expect(answer.json()).toMatchObject({ code: 'too_many_log_lines', details: { limit: 50_000 } });
  });
});

const routes = [
  { url: '/api/log', bad: 422 },
  { url: '/api/logs/batch', bad: 422 },
  { url: '/api/logs/ndjson', bad: 422 },
  { url: '/v1/logs', bad: 400 },
  { url: '/loki/api/v1/push', bad: 400 },
] as const;

describe.each(routes)('POST $url', ({ url, bad }) => {
  it('refuses callers without a good key before it reads anything', async () => {
    for (const authorization of ['', 'Bearer lk_nonsense', 'Basic Og==']) {
      const answer = await intake.post(url, '{', { authorization });
      expect([authorization, answer.statusCode]).toEqual([authorization, 401]);
    }
  });

  it('refuses a key without the scope', async () => {
    const { accessToken } = await createUser(intake.logs.test);
    const made = await intake.logs.test.app.inject({
      method: 'POST',
      url: '/api/api-keys',
      headers: { authorization: `Bearer ${accessToken}` },
      payload: { name: 'chat alone', scopes: ['chat'] },
    });
    const { api_key: key } = made.json<{ api_key: string }>();
    const answer = await intake.post(url, '{}', { authorization: `Bearer ${key}` });
    expect(answer.statusCode).toBe(403);
  });

  it('takes the key as the password of Basic authentication', async () => {
    const authorization = `Basic ${Buffer.from(`anybody:${intake.key}`).toString('base64')}`;
    const answer = await intake.post(url, '{', { authorization });
    expect([400, 422]).toContain(answer.statusCode);
  });

  it('refuses a body that is too large, compressed or not', async () => {
    const large = Buffer.alloc(LIMIT_BYTES + 1, ' ');
    const plain = await intake.post(url, large);
    const bomb = await intake.post(url, gzipSync(Buffer.alloc(200 * LIMIT_BYTES)), {
      'content-encoding': 'gzip',
    });
    expect([plain.statusCode, bomb.statusCode]).toEqual([413, 413]);
    expect(bomb.body).toContain(String(LIMIT_BYTES));
  });

  it('reads a body of exactly the limit', async () => {
    const answer = await intake.post(url, Buffer.alloc(LIMIT_BYTES, ' '));
    expect(answer.statusCode).toBe(bad === 422 && url.endsWith('ndjson') ? 422 : 400);
  });

  it('refuses gzip that is cut off, or is none', async () => {
    const body = gzipSync('{"a":"some text that is long enough to be cut"}');
    for (const broken of [body.subarray(0, body.length - 6), body.subarray(5), Buffer.alloc(0)]) {
      const answer = await intake.post(url, broken, { 'content-encoding': 'gzip' });
      expect(answer.statusCode).toBe(400);
    }
  });

  it('refuses an encoding that it does not know', async () => {
    expect((await intake.post(url, '{}', { 'content-encoding': 'br' })).statusCode).toBe(415);
  });

  it('refuses what is not JSON, not UTF-8, or nested without end', async () => {
    const bodies = [
      '{"a":',
      Buffer.from([0x22, 0xff, 0xfe, 0x22]),
      '['.repeat(500_000),
      `${'{"resourceLogs":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
      'NaN',
    ];
    for (const body of bodies) {
      const answer = await intake.post(url, body);
      expect([400, 422]).toContain(answer.statusCode);
    }
  });

  it('refuses a request without a body', async () => {
    const answer = await intake.logs.test.app.inject({
      method: 'POST',
      url,
      headers: { authorization: `Bearer ${intake.key}` },
    });
    expect(answer.statusCode).toBe(400);
  });
});

describe('a body that is announced and does not come', () => {
  let url: string;
  beforeAll(async () => {
    await intake.logs.test.app.listen(0, '127.0.0.1');
    url = await intake.logs.test.app.getUrl();
  });

  /** Sends the headers alone. */
  function announce(key: string): ClientRequest {
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'content-length': String(LIMIT_BYTES),
    };
    const outgoing = request(`${url}/api/logs/batch`, { method: 'POST', headers });
    outgoing.on('error', () => undefined);
    outgoing.flushHeaders();
    return outgoing;
  }

  it('is not waited for if its key is wrong', async () => {
    const outgoing = announce('lk_wrong');
    const answer = await new Promise<IncomingMessage>((resolve) => outgoing.once('response', resolve));
    expect(answer.statusCode).toBe(401);
    outgoing.destroy();
  });

  it('takes memory that others have to wait for, until its client has gone', async () => {
    const send = async () => (await intake.post('/api/log', line())).statusCode;
    const announced: ClientRequest[] = [];
    // A line takes room while it is taken in: what is announced comes when none is.
    await waitUntil('a refusal', async () => {
      if ((await send()) === 503) return true;
      announced.push(announce(intake.key));
      return false;
    });
    expect(announced.length).toBeGreaterThanOrEqual(8);
    for (const outgoing of announced) outgoing.destroy();
    await waitUntil('room for others', async () => (await send()) === 200);
  });
});

it('refuses content types that are not those of a route', async () => {
  for (const url of ['/api/log', '/api/logs/batch', '/api/logs/ndjson', '/v1/logs']) {
    const answer = await intake.post(url, '<a/>', { 'content-type': 'application/xml' });
    expect([url, answer.statusCode]).toEqual([url, 415]);
  }
});

it('leaves the limits and content types of other routes as they were', async () => {
  const { accessToken } = await createUser(intake.logs.test);
  const headers = { authorization: `Bearer ${accessToken}` };
  const app = intake.logs.test.app;
  const large = await app.inject({
    method: 'POST',
    url: '/api/api-keys',
    headers: { ...headers, 'content-type': 'application/json' },
    payload: ' '.repeat(5 * 1024 * 1024),
  });
  const xml = await app.inject({
    method: 'POST',
    url: '/api/api-keys',
    headers: { ...headers, 'content-type': 'application/xml' },
    payload: '<a/>',
  });
  expect([large.statusCode, xml.statusCode]).toEqual([413, 415]);
});

describe('a receipt', () => {
  it.each([
    ['/api/logs/receipts/0195a000-0000-7000-8000-000000000000', 404],
    ['/api/logs/receipts/nonsense', 422],
  ])('%s is answered with %i', async (url, status) => {
    expect((await intake.get(url)).statusCode).toBe(status);
  });
});

import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { PbfReader } from 'pbf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TailClient } from '../factories/log-tails.js';
import { startNginx, type TestNginx } from '../factories/nginx.js';
import { createProduct, type Product, type ProductProcess } from '../factories/product.js';
import { Administrator } from '../factories/product-users.js';
import { openDatabase } from '../factories/test-database.js';
import { waitUntil } from '../factories/wait.js';

const SMALL_LIMIT = 4 * 1024 * 1024;
const BULK_LIMIT = 50 * 1024 * 1024;
const JSON_TYPE = 'application/json';
const PROTOBUF = 'application/x-protobuf';

interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** What nginx says is asked of each shape of errors by a route that has it. */
const shapes: [shape: string, path: string, contentType: string][] = [
  ['a problem', '/api/log', JSON_TYPE],
  ['a problem', '/api/logs/batch', JSON_TYPE],
  ['a problem', '/api/logs/ndjson', 'application/x-ndjson'],
  ['OTLP in JSON', '/v1/logs', JSON_TYPE],
  ['OTLP in protobuf', '/v1/logs', PROTOBUF],
  ['text', '/loki/api/v1/push', PROTOBUF],
  ["OpenAI's", '/v1/chat/completions', JSON_TYPE],
];

/** The message of a `google.rpc.Status`, which is all that it has. */
function statusMessage(bytes: Buffer): string {
  const reader = new PbfReader(bytes);
  expect(reader.nextField(bytes.length)).toBe(2);
  const message = reader.readString();
  expect(reader.pos).toBe(bytes.length);
  return message;
}

function expectShape(shape: string, { status, headers, body }: Answer, code: string): void {
  const text = body.toString();
  const error_id = headers['x-request-id'];
  expect(error_id).toBeTruthy();
  const type = headers['content-type'];
  const sentence = /^[A-Z][^.{]+\.$/;
  if (shape === 'a problem') {
    expect(type).toBe('application/problem+json');
    expect(JSON.parse(text)).toEqual({
      type: `urn:lockkeeper:error:${code}`,
      title: expect.stringMatching(sentence),
      status,
      code,
      error_id,
    });
  } else if (shape === 'OTLP in JSON') {
    expect(type).toBe(JSON_TYPE);
    expect(JSON.parse(text)).toEqual({ message: expect.stringMatching(sentence) });
  } else if (shape === 'OTLP in protobuf') {
    expect(type).toBe(PROTOBUF);
    expect(statusMessage(body)).toMatch(sentence);
  } else if (shape === 'text') {
    expect(type).toBe('text/plain; charset=utf-8');
    expect(text).toMatch(new RegExp(`^${code}: [A-Z][^.]+\\.\\n$`));
  } else {
    expect(type).toBe(JSON_TYPE);
    expect(JSON.parse(text)).toMatchObject({ error: { code, param: null, error_id } });
  }
}

/** Posts a body, or tells only how long one would be. */
function post(url: string, headers: Record<string, string | number>, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers, agent: false });
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) });
        outgoing.destroy();
      });
    });
    outgoing.on('error', reject);
    if (body === undefined) outgoing.flushHeaders();
    else outgoing.end(body);
  });
}

/** A server that takes connections and requests, and answers nothing. */
async function createMuteServer(): Promise<{ url: string; close(): void }> {
  const server = createServer((socket) => void socket.on('error', () => undefined).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

describe('nginx before the routes for logs', () => {
  let product: Product;
  let api: ProductProcess & { url: string };
  let worker: ProductProcess;
  let nginx: TestNginx;
  let apiKey: string;
  const others: TestNginx[] = [];
  beforeAll(async () => {
    product = await createProduct({ LOCKKEEPER_BEHIND_PROXY: 'true' });
    [api, worker] = await Promise.all([product.startApi(), product.startWorker()]);
    nginx = await startNginx([api.url]);
    ({ apiKey } = await Administrator.of(product, nginx.url));
  });
  afterAll(async () => {
    await Promise.all([nginx, ...others].map((server) => server?.stop()));
    await product.dispose();
  });

  async function another(url: string, adjust: (text: string) => string): Promise<TestNginx> {
    const server = await startNginx([url], adjust);
    others.push(server);
    return server;
  }
  const send = (path: string, body: string, contentType = JSON_TYPE, base = nginx.url) =>
    post(base + path, { authorization: `Bearer ${apiKey}`, 'content-type': contentType }, body);
  const line = (message: string) => JSON.stringify({ device_id: 'n', log_level: 'INFO', message });
  /** Valid all the same: blanks follow. */
  const padded = (json: string, bytes: number) => json + ' '.repeat(bytes - Buffer.byteLength(json));

  it('lets a batch of 50 MB through, whole', async () => {
    await using database = await openDatabase(product.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
    const data = 'x'.repeat(52_000);
    const logs = Array.from({ length: 1000 }, (_, index) => ({
      device_id: 'large',
      log_level: 'INFO',
      message: `line ${index}`,
      log_data: { data },
    }));
    const body = padded(JSON.stringify({ logs }), BULK_LIMIT);
    const answer = await send('/api/logs/batch', body);
    expect([answer.status, answer.body.toString().slice(0, 60)]).toEqual([
      200,
      expect.stringContaining('"count":1000'),
    ]);
    await waitUntil(
      'all of it stored',
      async () => {
        const [row]: { count: string; length: string }[] = await database.single.query(
          `SELECT COUNT(*) AS count, COALESCE(SUM(LENGTH(log_data)), 0) AS length FROM logs WHERE device_id = 'large'`,
        );
        return Number(row?.count) === 1000 && Number(row?.length) === 1000 * JSON.stringify({ data }).length;
      },
      60_000,
    );
  });

  it.each(shapes)('refuses one byte more than a route takes as %s: %s (%s)', async (shape, path, type) => {
    const limit = ['/api/log', '/v1/chat/completions'].includes(path) ? SMALL_LIMIT : BULK_LIMIT;
    const headers = { 'content-type': type, 'content-length': limit + 1 };
    const answer = await post(nginx.url + path, headers);
    expect(answer.status).toBe(413);
    expectShape(shape, answer, 'body_too_large');
  });

  it('lets through what a route takes that is not for many lines, to the byte', async () => {
    const answer = await send('/api/log', padded(line('4 MB'), SMALL_LIMIT));
    expect(answer.status).toBe(200);
  });

  it('hands on what the API says of a request, in its shape', async () => {
    const answer = await post(`${nginx.url}/v1/logs`, { 'content-type': PROTOBUF }, '');
    expect(answer.status).toBe(401);
    expect(answer.headers['content-type']).toBe(PROTOBUF);
  });

  it('passes each line of a tail on when it is stored', async () => {
    const tail = await TailClient.open(nginx.url, { authorization: `Bearer ${apiKey}` });
    for (const message of ['first', 'second']) {
      expect((await send('/api/log?ack=stored', line(message))).status).toBe(200);
      await waitUntil('the line', () => tail.messages.includes(message));
    }
    expect(tail.messages).toEqual(['first', 'second']);
    tail.leave();
  });

  it('waits for as long as ack=stored does', async () => {
    worker.child.kill('SIGSTOP');
    const answers = await Promise.all([
      send('/api/log?ack=stored', line('patient')),
      send('/api/logs/batch?ack=stored', JSON.stringify({ logs: [JSON.parse(line('patient too'))] })),
    ]).finally(() => worker.child.kill('SIGCONT'));
    for (const { status, body } of answers) {
      expect(status).toBe(202);
      expect(JSON.parse(body.toString())).toMatchObject({ fate: 'queued' });
    }
  });

  describe('when an address sends more than it may', () => {
    let strict: TestNginx;
    beforeAll(async () => {
      strict = await another(api.url, (text) =>
        text
          .replaceAll('rate=10000r/s', 'rate=1r/m')
          .replace('burst=20000', 'burst=2')
          .replace('burst=200 ', 'burst=3 '),
      );
      // The first one is within the rate, two are the burst.
      for (let count = 0; count < 3; count++) {
        const { status } = await send('/api/log', line('within the limit'), JSON_TYPE, strict.url);
        expect(status).toBe(200);
      }
    });

    it.each(shapes)('says so as %s: %s (%s)', async (shape, path, type) => {
      const answer = await send(path, line('beyond the limit'), type, strict.url);
      expect(answer.status).toBe(429);
      expect(answer.headers['retry-after']).toBe('1');
      expectShape(shape, answer, 'rate_limited');
    });

    it('counts reads apart', async () => {
      const statuses: number[] = [];
      for (let count = 0; count < 5; count++) {
        statuses.push((await fetch(`${strict.url}/health/live`)).status);
      }
      expect(statuses).toEqual([200, 200, 200, 200, 429]);
    });
  });

  it('refuses one connection too many of an address', async () => {
    const narrow = await another(api.url, (text) => text.replace('connections 1000', 'connections 2'));
    const headers = { authorization: `Bearer ${apiKey}` };
    const tails = [await TailClient.open(narrow.url, headers), await TailClient.open(narrow.url, headers)];
    const refused = await send('/api/log', line('third'), JSON_TYPE, narrow.url);
    expect(refused.status).toBe(429);
    expectShape('a problem', refused, 'rate_limited');
    for (const tail of tails) tail.leave();
    await waitUntil('there is room', async () => {
      const { status } = await send('/api/log', line('third again'), JSON_TYPE, narrow.url);
      return status === 200;
    });
  });

  describe('when no API can be reached', () => {
    let alone: TestNginx;
    beforeAll(async () => {
      const gone = await createMuteServer();
      gone.close();
      alone = await another(gone.url, (text) => text);
    });

    it.each(shapes)('says so as %s: %s (%s)', async (shape, path, type) => {
      const answer = await send(path, line('nobody'), type, alone.url);
      expect(answer.status).toBe(502);
      expect(answer.headers['retry-after']).toBe('1');
      expectShape(shape, answer, 'service_unavailable');
    });
  });

  describe('when an API does not answer', () => {
    let mute: { url: string; close(): void };
    let waiting: TestNginx;
    beforeAll(async () => {
      mute = await createMuteServer();
      waiting = await another(mute.url, (text) =>
        text.replaceAll(/proxy_read_timeout \d+s/g, 'proxy_read_timeout 200ms'),
      );
    });
    afterAll(() => mute.close());

    it.each(shapes)('says so as %s: %s (%s)', async (shape, path, type) => {
      const answer = await send(path, line('nothing'), type, waiting.url);
      expect(answer.status).toBe(504);
      expectShape(shape, answer, 'service_timeout');
    });
  });
});

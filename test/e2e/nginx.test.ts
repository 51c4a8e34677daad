import { get, type IncomingHttpHeaders, request } from 'node:http';
import { OpenAI } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkShippedConfiguration, startNginx, type TestNginx } from '../factories/nginx.js';
import { createProduct, type Product, type ProductProcess } from '../factories/product.js';
import { Administrator } from '../factories/product-users.js';
import { waitUntil } from '../factories/wait.js';

const hello = [{ role: 'user' as const, content: 'Hello' }];
const ABOVE_BODY_LIMIT = 60 * 1024 * 1024;
const MIB = 1024 * 1024;

async function expectProblem(response: Response, status: number, code: string): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const type = `urn:lockkeeper:error:${code}`;
  const error_id = response.headers.get('x-request-id');
  expect(await response.json()).toMatchObject({ type, title: expect.any(String), status, code, error_id });
}

async function expectOpenAiError(response: Response, status: number, code: string): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  const error_id = response.headers.get('x-request-id');
  expect(await response.json()).toMatchObject({
    error: { message: expect.any(String), type: expect.any(String), param: null, code, error_id },
  });
}

describe('nginx with our configuration before two API processes', () => {
  let product: Product;
  let apis: (ProductProcess & { url: string })[];
  let nginx: TestNginx;
  let apiKey: string;
  let openai: OpenAI;

  beforeAll(async () => {
    product = await createProduct({ LOCKKEEPER_BEHIND_PROXY: 'true' });
    apis = await Promise.all([product.startApi(), product.startApi()]);
    nginx = await startNginx(apis.map((api) => api.url));
    ({ apiKey } = await (await Administrator.of(product, nginx.url)).createUser('10', ['files', 'tasks']));
    openai = new OpenAI({ baseURL: `${nginx.url}/v1`, apiKey, maxRetries: 0 });
  });
  afterAll(async () => {
    await nginx.stop();
    await product.dispose();
  });

  const call = (path: string, headers: Record<string, string> = {}) =>
    fetch(nginx.url + path, { headers: { authorization: `Bearer ${apiKey}`, ...headers } });

  /** The processes that took turns of a conversation, as the access log has them. */
  const processesAsked = (requestIds: string[]) =>
    nginx.accessLog().flatMap((line) => {
      const id = /request_id=(\S+)/.exec(line)?.[1] ?? '';
      return requestIds.includes(id) ? (/upstream=(\S+)/.exec(line)?.[1] ?? []) : [];
    });

  it('is a configuration that nginx takes as it stands', () => {
    checkShippedConfiguration();
  });

  it('passes requests on, with the request id and the address of the client', async () => {
    expect((await call('/health')).status).toBe(200);
    expect((await call('/health/live')).status).toBe(200);
    const account = await call('/api/coins/account', {
      'x-request-id': 'nginx-test-id',
      'x-forwarded-for': '203.0.113.9',
    });
    expect(account.status).toBe(200);
    expect(account.headers.get('x-request-id')).toBe('nginx-test-id');
    const unnamed = await call('/api/coins/account', { 'x-request-id': 'not one!' });
    expect(unnamed.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    const line = await waitUntil('the request in a log of an API', () =>
      apis
        .flatMap((api) => api.output().split('\n'))
        .find((text) => text.includes('nginx-test-id') && text.includes('"request"')),
    );
    // What the client says of itself is not believed.
    expect(JSON.parse(line)).toMatchObject({ remote_address: '127.0.0.1' });
  });

  it('writes upstream and times to the access log, and no line for health', async () => {
    await call('/api/coins/account', { 'x-request-id': 'access-log-test' });
    const line = await waitUntil('the line', () =>
      nginx.accessLog().find((text) => text.includes('request_id=access-log-test')),
    );
    expect(line).toMatch(
      /"GET \/api\/coins\/account HTTP\/1.1" 200 .* request_time=[\d.]+ upstream=127\.0\.0\.1:\d+ upstream_status=200 upstream_time=[\d.]+/,
    );
    expect(nginx.accessLog().join('\n')).not.toContain('/health');
  });

  it('leaves what the API answers as it is, in both shapes', async () => {
    await expectProblem(await call('/nothing'), 404, 'route_not_found');
    await expectOpenAiError(await call('/v1/nothing'), 404, 'route_not_found');
    await expectProblem(
      await call('/api/coins/account', { authorization: 'x' }),
      401,
      'authentication_required',
    );
  });

  it('shows metrics to nobody, and its own status to this machine alone', async () => {
    for (const path of ['/metrics', '/metrics/', '/%6detrics', '//metrics?x=1']) {
      await expectProblem(await call(path), 404, 'route_not_found');
    }
    expect(await (await call('/nginx_status')).text()).toContain('Active connections');
    const fromElsewhere = await new Promise<number | undefined>((resolve, reject) => {
      get(`${nginx.url}/nginx_status`, { localAddress: '127.0.0.2' }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject);
    });
    expect(fromElsewhere).toBe(404);
  });

  it('compresses JSON', async () => {
    const response = await call('/openapi.json', { 'accept-encoding': 'gzip' });
    expect(response.headers.get('content-encoding')).toBe('gzip');
  });

  it('refuses a body beyond all limits before it is sent', async () => {
    const answer = await new Promise<{ status?: number; headers: IncomingHttpHeaders; body: string }>(
      (resolve, reject) => {
        const headers = { 'content-length': ABOVE_BODY_LIMIT, 'content-type': 'application/json' };
        const outgoing = request(`${nginx.url}/v1/chat/completions`, { method: 'POST', headers });
        outgoing.on('response', (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (text: string) => (body += text));
          response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
        });
        outgoing.on('error', reject);
        outgoing.flushHeaders();
      },
    );
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'body_too_large' } });
  });

  const formOf = (content: string | Buffer) => {
    const form = new FormData();
    form.set('file', new Blob([new Uint8Array(Buffer.from(content))]), 'notes.txt');
    return form;
  };
  const upload = (path: string, form: FormData) =>
    fetch(nginx.url + path, { method: 'POST', headers: { authorization: `Bearer ${apiKey}` }, body: form });

  it('passes a file on that is larger than what other routes take', async () => {
    const content = 'All locks are kept.\n'.repeat((6 * MIB) / 20);
    const taken = await upload('/api/files', formOf(content));
    expect(taken.status).toBe(201);
    const { file_id: id } = (await taken.json()) as { file_id: string };
    const stored = await call(`/api/files/${id}/content`);
    expect(Buffer.from(await stored.arrayBuffer()).equals(Buffer.from(content))).toBe(true);
    await expectProblem(await upload('/api/collections', formOf(content)), 413, 'body_too_large');
  });

  it('passes a file on piece by piece, so that it is refused before it is sent whole', async () => {
    const boundary = 'a-boundary-of-the-test';
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${apiKey}`,
        'content-type': `multipart/form-data; boundary=${boundary}`,
        'content-length': 20 * MIB,
      };
      const outgoing = request(`${nginx.url}/api/files`, { method: 'POST', headers });
      outgoing.on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
        outgoing.destroy();
      });
      outgoing.on('error', reject);
      outgoing.write(
        `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="notes.txt"\r\n\r\n`,
      );
      // A program, of which the first piece says that it is one. The rest does not come.
      outgoing.write(Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), Buffer.alloc(256 * 1024)]));
    });
    expect(status).toBe(415);
  });

  it('passes on at once how far a file is', async () => {
    const taken = await upload('/api/files', formOf('A text that nobody works on here.'));
    const { file_id: id } = (await taken.json()) as { file_id: string };
    const stop = new AbortController();
    const stream = await fetch(`${nginx.url}/api/files/${id}/progress/stream`, {
      headers: { authorization: `Bearer ${apiKey}`, 'accept-encoding': 'gzip' },
      signal: stop.signal,
    });
    expect(stream.headers.get('content-encoding')).toBeNull();
    // Without a worker there is one event and no end.
    const { value } = (await stream.body?.getReader().read()) ?? {};
    expect(Buffer.from(value ?? []).toString()).toMatch(/event: progress\ndata: \{/);
    stop.abort();
  });

  it('passes each event of a stream on when it comes', async () => {
    const { data: stream, response } = await openai.chat.completions
      .create(
        { model: 'local:tokens=20,delay_ms=50', messages: hello, stream: true },
        { headers: { 'accept-encoding': 'gzip' } },
      )
      .withResponse();
    expect(response.headers.get('content-encoding')).toBeNull();
    const times: number[] = [];
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) times.push(performance.now());
    expect(times).toHaveLength(20);
    // 19 pauses of 50 ms: what was gathered on the way would come in one or two bursts.
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(19 * 50 * 0.7);
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(pauses.filter((pause) => pause > 25).length).toBeGreaterThan(12);
  });

  it('carries a conversation on over both processes', async () => {
    let conversationId: string | undefined;
    const requestIds: string[] = [];
    for (let number = 0; number < 4; number++) {
      const { data, response } = await openai.chat.completions
        .create(
          { model: 'local', messages: hello },
          conversationId === undefined ? {} : { headers: { 'x-conversation-id': conversationId } },
        )
        .withResponse();
      expect(data.choices[0]?.message.content).toContain(`message ${2 * number + 1} of our conversation`);
      const id = response.headers.get('x-conversation-id');
      expect(id).toBe(conversationId ?? id);
      conversationId = id ?? undefined;
      requestIds.push(response.headers.get('x-request-id') ?? '');
    }
    const asked = await waitUntil('all turns in the access log', () => {
      const found = processesAsked(requestIds);
      return found.length === requestIds.length && found;
    });
    expect(new Set(asked)).toEqual(new Set(apis.map((api) => new URL(api.url).host)));
  });

  it('loses no read when one process is killed, and says so in JSON when there is none', async () => {
    const read = async () => (await call('/api/coins/account')).status;
    const statuses: number[] = [];
    const reading = Array.from({ length: 4 }, async () => {
      for (let number = 0; number < 40; number++) statuses.push(await read());
    });
    await waitUntil('some reads', () => statuses.length > 20);
    await apis[0]?.kill();
    await Promise.all(reading);
    expect(statuses).toEqual(Array.from({ length: 160 }, () => 200));
    const completion = await openai.chat.completions.create({ model: 'local', messages: hello });
    expect(completion.choices[0]?.finish_reason).toBe('stop');

    await apis[1]?.kill();
    await expectProblem(await call('/api/coins/account'), 502, 'service_unavailable');
    const refused = await call('/v1/models');
    expect(refused.headers.get('retry-after')).toBe('1');
    await expectOpenAiError(refused, 502, 'service_unavailable');
    await expect(openai.chat.completions.create({ model: 'local', messages: hello })).rejects.toMatchObject({
      status: 502,
      code: 'service_unavailable',
    });
  });
});

import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { waitUntil } from '../factories/wait.js';

const MAX_CONNECTIONS = 10;

describe('the connections of an API process', () => {
  let test: TestApp;
  let port: number;
  const sockets: Client[] = [];
  beforeAll(async () => {
    test = await createTestApp({
      LOCKKEEPER_MAX_CONNECTIONS: String(MAX_CONNECTIONS),
      LOCKKEEPER_REQUEST_HEAD_TIMEOUT_MS: '300',
    });
    await test.app.listen(0, '127.0.0.1');
    ({ port } = test.app.getHttpServer().address() as { port: number });
  });
  afterEach(async () => {
    sockets.splice(0).forEach(({ socket }) => socket.destroy());
    await waitUntil('no connection', async () => (await connections()) === 0);
  });
  afterAll(() => test.close());

  const connections = () =>
    new Promise<number>((resolve, reject) => {
      test.app
        .getHttpServer()
        .getConnections((error: Error | null, count: number) => (error ? reject(error) : resolve(count)));
    });
  const open = () => {
    const client = new Client(connect(port, '127.0.0.1'));
    sockets.push(client);
    return client;
  };
  const get = (path = '/health/live') => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;

  it('are cut off if the head of a request does not come', async () => {
    const slow = open();
    slow.socket.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n');
    // A byte now and then makes it no better.
    const trickle = setInterval(() => slow.socket.write('x-a: b\r\n'), 50);
    try {
      const quick = open();
      quick.socket.write(get());
      await quick.hears('HTTP/1.1 200 OK');
      await slow.hears('HTTP/1.1 408 Request Timeout');
      await slow.ends();
    } finally {
      clearInterval(trickle);
    }
  });

  it('end with a head that is too long', async () => {
    const client = open();
    client.socket.write(`GET /health/live HTTP/1.1\r\nhost: localhost\r\nx-a: ${'a'.repeat(20_000)}\r\n\r\n`);
    await client.hears('HTTP/1.1 431 Request Header Fields Too Large');
    await client.ends();
  });

  it('are so many and no more, and free again when one is closed', async () => {
    const idle = Array.from({ length: MAX_CONNECTIONS }, open);
    await waitUntil('all taken', async () => (await connections()) === MAX_CONNECTIONS);
    const late = open();
    await late.ends();
    expect(late.heard).toBe('');
    const first = idle[0];
    first?.socket.destroy();
    await waitUntil('one free', async () => (await connections()) < MAX_CONNECTIONS);
    const next = open();
    next.socket.write(get());
    await next.hears('HTTP/1.1 200 OK');
  });
});

/** A connection that remembers what it heard. */
class Client {
  heard = '';
  private hasEnded = false;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => (this.heard += chunk.toString()));
    // Being cut off is what is waited for.
    socket.on('error', () => undefined);
    socket.on('close', () => (this.hasEnded = true));
  }

  async hears(text: string): Promise<void> {
    await waitUntil(text, () => this.heard.startsWith(text));
  }

  async ends(): Promise<void> {
    await waitUntil('the end of the connection', () => this.hasEnded);
  }
}

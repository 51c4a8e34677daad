import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { fastify, type FastifyInstance, type FastifyReply } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventStream } from '../../src/platform/http/index.js';

describe('an event stream', () => {
  let server: FastifyInstance;
  let handle: (reply: FastifyReply) => Promise<void>;
  beforeEach(async () => {
    server = fastify({ forceCloseConnections: true });
    server.get('/', async (_request, reply) => {
      await handle(reply);
      return reply;
    });
    await server.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(() => server.close());

  const port = () => (server.server.address() as AddressInfo).port;

  /** A client that asks and does as it is told from then on. */
  function ask() {
    const socket = connect(port(), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
    return socket;
  }

  it('writes JSON and texts as events, with the headers that keep proxies from holding them back', async () => {
    handle = async (reply) => {
      reply.header('x-turn-id', 'turn-1');
      const stream = new EventStream(reply);
      await stream.send({ text: 'two\nlines' });
      await stream.send('[DONE]');
      stream.end();
    };
    const response = await fetch(`http://127.0.0.1:${port()}/`);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      'x-turn-id': 'turn-1',
    });
    expect(await response.text()).toBe('data: {"text":"two\\nlines"}\n\ndata: [DONE]\n\n');
  });

  it('does not wait for a client that had gone before it began', async () => {
    const handled = Promise.withResolvers<boolean>();
    handle = async (reply) => {
      client.destroy();
      await once(reply.raw, 'close');
      const stream = new EventStream(reply);
      await stream.send('x'.repeat(1_000_000));
      stream.end();
      handled.resolve(stream.gone.aborted);
    };
    const client = ask();
    expect(await handled.promise).toBe(true);
  });

  it('waits for a client that reads slowly, until it goes', async () => {
    const full = Promise.withResolvers<void>();
    const handled = Promise.withResolvers<number>();
    handle = async (reply) => {
      const stream = new EventStream(reply);
      let sent = 0;
      for (; !stream.gone.aborted; sent++) {
        if (reply.raw.writableNeedDrain) throw new Error('It did not wait.');
        const sending = stream.send('x'.repeat(1_000_000));
        if (reply.raw.writableNeedDrain && sent > 20) full.resolve();
        await sending;
      }
      stream.end();
      handled.resolve(sent);
    };
    const client = ask();
    client.on('data', () => undefined);
    await full.promise;
    client.destroy();
    expect(await handled.promise).toBeGreaterThan(20);
  });
});

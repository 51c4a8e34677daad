import { once } from 'node:events';
import type { FastifyReply } from 'fastify';

/** A proxy or client that hears nothing for this long may take the connection for dead. */
const PING_INTERVAL_MS = 15_000;

/** Aborted when the client of a request has gone before its answer was sent. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new Error('The client has gone.'));
  });
  return gone.signal;
}

/**
 * Server-sent events on a reply that is taken over from Fastify. Writing waits while the client reads slowly,
 * so that nothing piles up here.
 */
export class EventStream {
  private readonly closed = new AbortController();
  private readonly ping: NodeJS.Timeout;

  constructor(private readonly reply: FastifyReply) {
    const headers = { ...reply.getHeaders() };
    reply.hijack();
    reply.raw.once('close', () => this.close());
    reply.raw.writeHead(200, {
      ...(headers as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      // Nginx would otherwise gather the events before it passes them on.
      'x-accel-buffering': 'no',
    });
    reply.raw.flushHeaders();
    this.ping = setInterval(() => reply.raw.write(': ping\n\n'), PING_INTERVAL_MS);
    this.ping.unref();
    // The client may have gone before there was anything to send.
    if (reply.raw.destroyed) this.close();
  }

  /** Aborted when the client has gone. */
  get gone(): AbortSignal {
    return this.closed.signal;
  }

  /** Sends one event; `data` is written as JSON unless it is a text. */
  async send(data: unknown, { id, event }: { id?: string; event?: string } = {}): Promise<void> {
    if (this.closed.signal.aborted) return;
    const head = (id === undefined ? '' : `id: ${id}\n`) + (event === undefined ? '' : `event: ${event}\n`);
    const hasRoom = this.reply.raw.write(
      `${head}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`,
    );
    if (hasRoom) return;
    await once(this.reply.raw, 'drain', { signal: this.closed.signal }).catch(() => undefined);
  }

  end(): void {
    if (!this.closed.signal.aborted) this.reply.raw.end();
    this.close();
  }

  private close(): void {
    clearInterval(this.ping);
    this.closed.abort();
  }
}

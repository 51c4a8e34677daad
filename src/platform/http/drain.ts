import { Server as NetServer, type Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply } from 'fastify';

/**
 * How long an idle keep-alive connection is left open once the process is told to stop. A client may be
 * sending a request on it this very moment, which closing would lose; one that sends is answered, and told
 * to close. Only a connection that stays idle for this long is closed from our side.
 */
const IDLE_GRACE_MS = 2_000;
const POLL_INTERVAL_MS = 50;

interface ConnectionState {
  replies: Set<FastifyReply>;
  idleSinceMs: number;
}

/**
 * Lets a process that is told to stop finish the requests it has: it takes no new connection, and every
 * answer from then on closes its own, so that a client or proxy opens the next one elsewhere.
 */
@Injectable()
export class Drain {
  private isDraining = false;
  private readonly listeners: (() => void)[] = [];
  private readonly connections = new Map<Socket, ConnectionState>();

  install(fastify: FastifyInstance): void {
    fastify.server.on('connection', (socket: Socket) => {
      this.connections.set(socket, { replies: new Set(), idleSinceMs: performance.now() });
      socket.once('close', () => this.connections.delete(socket));
    });
    fastify.addHook('onRequest', (request, reply, done) => {
      const connection = this.connections.get(request.raw.socket);
      connection?.replies.add(reply);
      reply.raw.once('close', () => {
        connection?.replies.delete(reply);
        if (connection) connection.idleSinceMs = performance.now();
      });
      if (this.isDraining) closeAfterAnswer(reply);
      done();
    });
  }

  /** Calls `listener` once no new connection is taken any more. */
  onStart(listener: () => void): void {
    this.listeners.push(listener);
  }

  get isStopping(): boolean {
    return this.isDraining;
  }

  /**
   * Stops listening and waits until every request is answered and every connection closed, or the time is up.
   */
  async drain(fastify: FastifyInstance, timeoutMs: number): Promise<void> {
    this.isDraining = true;
    if (!fastify.server.listening) return;
    for (const { replies } of this.connections.values()) replies.forEach(closeAfterAnswer);
    const startedMs = performance.now();
    await new Promise<void>((resolve) => {
      const closing = setInterval(() => this.closeIdleConnections(startedMs), POLL_INTERVAL_MS);
      const timeUp = setTimeout(finish, timeoutMs);
      function finish(): void {
        clearInterval(closing);
        clearTimeout(timeUp);
        resolve();
      }
      // Not the HTTP server's own `close`, which also closes idle connections, at once.
      NetServer.prototype.close.call(fastify.server, finish);
      for (const listener of this.listeners) listener();
    });
  }

  private closeIdleConnections(drainStartedMs: number): void {
    const now = performance.now();
    for (const [socket, { replies, idleSinceMs }] of this.connections) {
      const idleMs = now - Math.max(idleSinceMs, drainStartedMs);
      if (replies.size === 0 && idleMs >= IDLE_GRACE_MS) socket.destroySoon();
    }
  }
}

/** Says so in the headers, unless they are sent already: then the client's next request is told. */
function closeAfterAnswer(reply: FastifyReply): void {
  if (!reply.raw.headersSent) reply.raw.setHeader('connection', 'close');
}

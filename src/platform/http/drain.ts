import type { FastifyInstance } from 'fastify';

/**
 * Lets a process that is told to stop finish the requests it has: it takes no new connection, and every
 * answer from then on closes its own, so that a client or proxy opens the next one elsewhere.
 */
export class Drain {
  private isDraining = false;
  private openRequests = 0;
  private readonly waiting = new Set<() => void>();

  install(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (_request, reply, done) => {
      this.openRequests++;
      reply.raw.once('close', () => this.requestEnded());
      done();
    });
    fastify.addHook('onSend', (_request, reply, _payload, done) => {
      if (this.isDraining) reply.header('connection', 'close');
      done();
    });
  }

  get isStopping(): boolean {
    return this.isDraining;
  }

  /** Stops listening and waits until the open requests have ended, or the time is up. */
  async drain(fastify: FastifyInstance, timeoutMs: number): Promise<void> {
    this.isDraining = true;
    fastify.server.close();
    fastify.server.closeIdleConnections();
    if (this.openRequests === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private requestEnded(): void {
    this.openRequests--;
    if (!this.isDraining || this.openRequests > 0) return;
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}

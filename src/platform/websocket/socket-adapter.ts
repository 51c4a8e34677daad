import type { Server as HttpServer } from 'node:http';
import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SocketHub } from './socket-hub.js';

/** Lets gateways of Nest work on the socket.io server of the hub, at the port of the API. */
export class SocketAdapter extends IoAdapter {
  private readonly hub: SocketHub;

  constructor(app: INestApplicationContext) {
    super(app);
    this.hub = app.get(SocketHub);
  }

  /** Asked for the server once, and then for the namespace of each gateway. */
  override create(_port: number, options?: { namespace?: string }): ReturnType<IoAdapter['create']> {
    const created =
      options?.namespace === undefined
        ? this.hub.attach(this.httpServer as HttpServer)
        : this.hub.server.of(options.namespace);
    // Nest's package has a copy of socket.io for itself, of which only the types are used here.
    return created as unknown as ReturnType<IoAdapter['create']>;
  }

  /** The hub ends with the process, and the HTTP server is not ours to close. */
  override async close(): Promise<void> {}
}

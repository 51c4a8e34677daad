import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Drain } from '../http/index.js';
import { SocketAdapter } from './socket-adapter.js';
import { SocketHub } from './socket-hub.js';

/** Has an API take socket.io connections at its port, and let them go when it is told to stop. Call it before `init`. */
export function installSockets(app: NestFastifyApplication): void {
  const hub = app.get(SocketHub);
  app.get(Drain).onStart(() => hub.closeConnections());
  app.useWebSocketAdapter(new SocketAdapter(app));
}

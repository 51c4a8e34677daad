import { defineConfig, read, variable } from '../config/index.js';

export const websocketConfig = defineConfig('websocket', {
  maxConnections: variable({
    env: 'LOCKKEEPER_SOCKETS_MAX',
    description: 'How many socket.io connections one API process holds; one more is refused.',
    schema: read.integer(10_000, { min: 1, max: 1_000_000 }),
    example: '10000',
  }),
  maxConnectionsPerUser: variable({
    env: 'LOCKKEEPER_SOCKETS_PER_USER',
    description: 'How many socket.io connections one user may have at one API process.',
    schema: read.integer(20, { min: 1, max: 10_000 }),
    example: '20',
  }),
  recheckIntervalMs: variable({
    env: 'LOCKKEEPER_SOCKETS_RECHECK_MS',
    description:
      'How often it is asked whether the token behind an open connection is still good, in milliseconds.',
    schema: read.integer(5_000, { min: 100, max: 60_000 }),
    example: '5000',
  }),
});

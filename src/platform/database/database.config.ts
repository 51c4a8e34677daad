import { defineConfig, read, variable } from '../config/index.js';

export const databaseConfig = defineConfig('database', {
  url: variable({
    env: 'LOCKKEEPER_DATABASE_URL',
    description: 'MySQL 8.0 or newer, or MariaDB 10.6 or newer. npm start brings its own if this is unset.',
    schema: read.requiredUrl(['mysql', 'mariadb']),
    example: 'mysql://lockkeeper:password@127.0.0.1:3306/lockkeeper',
  }),
  poolSize: variable({
    env: 'LOCKKEEPER_DATABASE_POOL_SIZE',
    description:
      'How many connections one process opens at the most for groups of coin operations, and again for all else.',
    schema: read.integer(20, { min: 1, max: 500 }),
    example: '20',
  }),
  connectTimeoutMs: variable({
    env: 'LOCKKEEPER_DATABASE_CONNECT_TIMEOUT_MS',
    description: 'How long one connection attempt may take, in milliseconds.',
    schema: read.integer(5_000, { min: 100, max: 60_000 }),
    example: '5000',
  }),
});

import { defineConfig, read, variable } from '../config/index.js';

const MEBIBYTE = 1024 * 1024;

export const httpConfig = defineConfig('http', {
  port: variable({
    env: 'PORT',
    description: 'The port of the API.',
    schema: read.integer(3000, { min: 0, max: 65_535 }),
    example: '3000',
  }),
  host: variable({
    env: 'LOCKKEEPER_HOST',
    description:
      'The address the API listens on. 0.0.0.0 opens it to the network: put Nginx with TLS in front.',
    schema: read.text('127.0.0.1'),
    example: '127.0.0.1',
  }),
  bodyLimitBytes: variable({
    env: 'LOCKKEEPER_BODY_LIMIT_BYTES',
    description: 'The largest request body, unless a route says otherwise.',
    schema: read.integer(4 * MEBIBYTE, { min: 1024, max: 512 * MEBIBYTE }),
    example: String(4 * MEBIBYTE),
  }),
  bulkBodyLimitBytes: variable({
    env: 'LOCKKEEPER_LOGS_BODY_LIMIT_BYTES',
    description: 'The largest body with logs, as sent and after inflation.',
    schema: read.integer(50 * MEBIBYTE, { min: 1024, max: 512 * MEBIBYTE }),
    example: String(50 * MEBIBYTE),
  }),
  maxConnections: variable({
    env: 'LOCKKEEPER_MAX_CONNECTIONS',
    description: 'How many connections one API process takes at a time; more are closed at once.',
    schema: read.integer(10_000, { min: 10, max: 1_000_000 }),
    example: '10000',
  }),
  headTimeoutMs: variable({
    env: 'LOCKKEEPER_REQUEST_HEAD_TIMEOUT_MS',
    description:
      "How long a client may take for a request's line and headers, in milliseconds; then it is cut off. For a whole " +
      'request it has 60 seconds.',
    schema: read.integer(10_000, { min: 100, max: 60_000 }),
    example: '10000',
  }),
  requestsPerCaller: variable({
    env: 'LOCKKEEPER_REQUESTS_PER_CALLER',
    description:
      'How many requests of one user, by whatever tokens and keys, one API process has under way at a time; more ' +
      'are answered 429.',
    schema: read.integer(2_000, { min: 1, max: 1_000_000 }),
    example: '2000',
  }),
  isBehindProxy: variable({
    env: 'LOCKKEEPER_BEHIND_PROXY',
    description:
      'Whether a reverse proxy on this host or its private network tells the client address (X-Forwarded-For).',
    schema: read.flag(false),
    example: 'false',
  }),
});

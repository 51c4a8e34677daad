import { z } from 'zod';
import { defineConfig, read, variable } from '../../platform/config/index.js';

const PUBLISHED_SECRET = 'development-only-secret-not-for-production';

export const authConfig = defineConfig('auth', {
  secret: variable({
    env: 'LOCKKEEPER_SECRET',
    description:
      'Signs access tokens; at least 32 characters, the same in all processes. A new one ends all access tokens.',
    schema: z.string().min(32, 'must be at least 32 characters').default(PUBLISHED_SECRET),
    example: PUBLISHED_SECRET,
    isSecret: true,
  }),
  accessTokenTtlSeconds: variable({
    env: 'LOCKKEEPER_ACCESS_TOKEN_TTL_SECONDS',
    description: 'How long an access token is good for, in seconds.',
    schema: read.integer(900, { min: 10, max: 86_400 }),
    example: '900',
  }),
  refreshTokenTtlDays: variable({
    env: 'LOCKKEEPER_REFRESH_TOKEN_TTL_DAYS',
    description: 'How long a refresh token is good for, in days. A session that is not refreshed ends then.',
    schema: read.integer(30, { min: 1, max: 365 }),
    example: '30',
  }),
  consoleSessionHours: variable({
    env: 'LOCKKEEPER_CONSOLE_SESSION_HOURS',
    description: 'How long a sign-in to the console is good for, in hours.',
    schema: read.integer(12, { min: 1, max: 720 }),
    example: '12',
  }),
  principalCacheMs: variable({
    env: 'LOCKKEEPER_PRINCIPAL_CACHE_MS',
    description:
      'How long a process remembers who a token belongs to: how late, in milliseconds, a changed role is noticed.',
    schema: read.integer(5_000, { min: 0, max: 60_000 }),
    example: '5000',
  }),
  keyMemoryMs: variable({
    env: 'LOCKKEEPER_API_KEY_MEMORY_MS',
    description:
      'While MySQL is away: how long, in milliseconds, an API key or a session of the console is good that MySQL knew ' +
      'before, unless it was revoked.',
    schema: read.integer(600_000, { min: 0, max: 86_400_000 }),
    example: '600000',
  }),
  isSignUpOpen: variable({
    env: 'LOCKKEEPER_SIGN_UP_OPEN',
    description: 'Whether anybody may make an account. If not, administrators make them.',
    schema: read.flag(false),
    example: 'false',
  }),
  signUpsPerAddress: variable({
    env: 'LOCKKEEPER_SIGN_UPS_PER_ADDRESS',
    description: 'How many accounts may be asked for from one address in an hour.',
    schema: read.integer(20, { min: 1, max: 1_000_000 }),
    example: '20',
  }),
  failuresPerAccountAndAddress: variable({
    env: 'LOCKKEEPER_SIGN_IN_FAILURES_PER_ACCOUNT_AND_ADDRESS',
    description: 'How many failed sign-ins to one account from one address are allowed in 15 minutes.',
    schema: read.integer(10, { min: 1, max: 1_000_000 }),
    example: '10',
  }),
  failuresPerAddress: variable({
    env: 'LOCKKEEPER_SIGN_IN_FAILURES_PER_ADDRESS',
    description: 'How many failed sign-ins from one address are allowed in an hour.',
    schema: read.integer(100, { min: 1, max: 1_000_000 }),
    example: '100',
  }),
  failuresPerAccount: variable({
    env: 'LOCKKEEPER_SIGN_IN_FAILURES_PER_ACCOUNT',
    description: 'How many failed sign-ins to one account, from wherever, are allowed in an hour.',
    schema: read.integer(50, { min: 1, max: 1_000_000 }),
    example: '50',
  }),
  passwordHashesAtOnce: variable({
    env: 'LOCKKEEPER_PASSWORD_HASHES_AT_ONCE',
    description: 'How many passwords one process hashes at a time; each takes 19 MiB and one core.',
    schema: read.integer(2, { min: 1, max: 64 }),
    example: '2',
  }),
  passwordHashesWaiting: variable({
    env: 'LOCKKEEPER_PASSWORD_HASHES_WAITING',
    description: 'How many more may wait for their turn; beyond it sign-in answers 503 with Retry-After.',
    schema: read.integer(64, { min: 0, max: 10_000 }),
    example: '64',
  }),
});

import { Redis } from 'ioredis';

function serverUrl(): string {
  const url = process.env['LOCKKEEPER_TEST_REDIS_URL'];
  if (!url)
    throw new Error('LOCKKEEPER_TEST_REDIS_URL is unset: run tests with `npm test`, or `npm run services`.');
  return url;
}

/** The address of a logical database that no other test file uses; database 0 counts them. */
export async function createTestRedis(): Promise<string> {
  const counter = new Redis(serverUrl());
  const index = await counter.incr('lockkeeper:test:databases');
  await counter.quit();
  const url = new URL(serverUrl());
  url.pathname = `/${index}`;
  return url.toString();
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runEntry } from '../factories/product.js';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../factories/test-database.js';
import { createTestRedis } from '../factories/test-redis.js';

/** Nothing listens on the port of the discard service. */
const CLOSED = '127.0.0.1:9';

describe('a process', () => {
  let database: TestDatabase;
  let environment: Record<string, string>;
  beforeAll(async () => {
    database = await createTestDatabase();
    environment = {
      NODE_ENV: 'test',
      PORT: '0',
      LOCKKEEPER_DATABASE_URL: database.url,
      LOCKKEEPER_REDIS_URL: await createTestRedis(),
      LOCKKEEPER_START_TIMEOUT_MS: '600',
    };
  });
  afterAll(() => database.drop());

  it.each([
    ['main.http.js', 'MySQL', { LOCKKEEPER_DATABASE_URL: `mysql://user:secret@${CLOSED}/x` }],
    ['main.worker.js', 'Redis', { LOCKKEEPER_REDIS_URL: `redis://:secret@${CLOSED}/0` }],
  ])(
    '%s exits with 1 within its time when %s is away, and says where it looked',
    async (entry, name, settings) => {
      const { code, output, durationMs } = await runEntry(entry, { ...environment, ...settings });
      expect(code).toBe(1);
      expect(output).toContain(`Waiting for ${name} at ${CLOSED}`);
      expect(output).toMatch(new RegExp(`^${name} at ${CLOSED} did not answer for 0.6 s: `, 'm'));
      expect(output).not.toContain('secret');
      expect(output).not.toContain('    at ');
      expect(durationMs).toBeLessThan(15_000);
    },
  );

  it('exits with 1 and lists every problem of its configuration', async () => {
    const { code, output } = await runEntry('main.http.js', {
      ...environment,
      LOCKKEEPER_MODELS: '[{"id": "x", "input_price": "-1", "output_price": "0"}]',
      LOCKKEEPER_DATABASE_POOL_SIZE: 'many',
      LOCKKEEPER_TYPO: '1',
    });
    expect(code).toBe(1);
    expect(output).toContain('The configuration has 3 problem(s):');
    expect(output).toMatch(/LOCKKEEPER_MODELS at 0\.input_price: must not be negative/);
    expect(output).toMatch(/LOCKKEEPER_DATABASE_POOL_SIZE: must be a whole number/);
    expect(output).toMatch(/LOCKKEEPER_TYPO is not a name we know/);
  });

  it('exits with 1 on a schema that is older than itself, and tells the mend', async () => {
    const empty = await createEmptyDatabase();
    const { code, output } = await runEntry('main.worker.js', {
      ...environment,
      LOCKKEEPER_DATABASE_URL: empty.url,
    });
    expect(code).toBe(1);
    expect(output).toContain('Run `npm run migrate`, then start again.');
    await empty.drop();
  });
});

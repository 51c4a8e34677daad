import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OwnProduct } from '../factories/own-product.js';
import { OwnRedis } from '../factories/own-redis.js';
import { waitUntil } from '../factories/wait.js';

const ROUNDS = Number(process.env['TEST_FAULT_ROUNDS'] ?? 1);
const CONVERSATIONS = 40;
/** So long Redis is away each time. */
const OUTAGE_MS = ROUNDS > 1 ? 15_000 : 5_000;
/** What Redis has no part in takes a fraction of a second; a request that waited for its return would wait longer. */
const LONGEST_START_MS = 4_000;

describe('while Redis is away, the product', () => {
  let redis: OwnRedis;
  let own: OwnProduct;
  beforeAll(async () => {
    redis = await OwnRedis.start();
    own = await OwnProduct.start({ LOCKKEEPER_REDIS_URL: redis.url }, { workers: 1 });
    await own.clients.begin(CONVERSATIONS);
    await own.awaitDone(CONVERSATIONS);
  });
  afterAll(async () => {
    await own?.dispose();
    await redis.dispose();
  });

  const statusOfRedis = async (index: number) => {
    const { body } = await own.health('', index);
    return (body['details'] as { redis: { status: string } }).redis.status;
  };
  const waitForRedis = (isThere: boolean) =>
    waitUntil('all processes to know', async () => {
      const statuses = await Promise.all(own.apis.map((_, index) => statusOfRedis(index)));
      return statuses.every((status) => (status === 'up') === isThere);
    });

  const outages: [name: string, strike: () => Promise<void>, mend: () => Promise<void>][] = [
    ['hangs (SIGSTOP)', async () => redis.freeze(), async () => redis.thaw()],
    ['is full', () => redis.fill(), () => redis.makeRoom()],
  ];

  it.each(outages)(
    'goes on while it %s, with turns in the database, and back to Redis afterwards',
    { timeout: 60_000 + ROUNDS * 60_000 },
    async (name, strike, mend) => {
      for (let round = 0; round < ROUNDS; round++) {
        const doneBefore = own.ledger.count('done');
        const struckAt = performance.now();
        await strike();
        await waitForRedis(false);
        expect((await own.health()).body['status']).toBe('degraded');
        expect((await own.health('/ready')).status).toBe(200);
        await delay(OUTAGE_MS - (performance.now() - struckAt));
        const doneAway = own.ledger.count('done') - doneBefore;
        await mend();
        const mendedAt = performance.now();
        const asked = own.ledger.turns.filter(
          ({ askedAtMs }) => askedAtMs > struckAt && askedAtMs < mendedAt,
        );
        await waitForRedis(true);
        await own.awaitDone(CONVERSATIONS);
        expect(doneAway).toBeGreaterThan(CONVERSATIONS / 2);
        await waitUntil('answers to begin', () => asked.every(({ begunAtMs }) => begunAtMs !== undefined));
        expect(asked.filter(({ status }) => status !== 200)).toEqual([]);
        const waits = asked.map(({ begunAtMs, askedAtMs }) => (begunAtMs ?? Infinity) - askedAtMs);
        console.info(
          `${name}: ${doneAway} turns done, the longest start ${Math.round(Math.max(...waits))} ms`,
        );
        expect(Math.max(...waits)).toBeLessThan(LONGEST_START_MS);
        // New turns are kept in Redis again.
        await waitUntil('turns in Redis', async () => (await own.readNotes()).size > 0);
        await waitUntil('no turn in the database', async () => !(await own.isAnyTurnInDatabase()));
      }
    },
  );

  it('has lost, doubled and reordered nothing', { timeout: 240_000 }, async () => {
    const counts = await own.expectNothingLost();
    console.info(JSON.stringify(counts));
    expect(counts).toMatchObject({ done: counts.asked, saved: counts.asked, interrupted: 0 });
  });
});

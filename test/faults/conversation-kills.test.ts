import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OwnMariadb } from '../factories/own-mariadb.js';
import { OwnProduct } from '../factories/own-product.js';
import { OwnRedis } from '../factories/own-redis.js';
import { randomFrom } from '../factories/random.js';

const ROUNDS = Number(process.env['TEST_FAULT_ROUNDS'] ?? 1);
const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
const CONVERSATIONS = 100;
/** A fault comes at most so long after all went on again after the one before. */
const LONGEST_CALM_MS = 2_000;
/** A server that died stays away for at most so long. */
const LONGEST_AWAY_MS = 2_000;
const ANSWERS_BETWEEN = 60;
/** Notes are taken every 200 ms; this machine does other things besides. */
const LONGEST_LAG_MS = 4_000;

let mariadb: OwnMariadb;
let redis: OwnRedis;
let own: OwnProduct;
beforeAll(async () => {
  [mariadb, redis] = await Promise.all([OwnMariadb.start(), OwnRedis.start('always')]);
  own = await OwnProduct.start(
    { LOCKKEEPER_DATABASE_URL: mariadb.url, LOCKKEEPER_REDIS_URL: redis.url },
    { model: 'local:delay_ms=120' },
  );
});
afterAll(async () => {
  await own?.dispose();
  await Promise.all([redis.dispose(), mariadb.dispose()]);
});

const random = randomFrom(SEED);
const pause = (longestMs: number) => delay(random(longestMs));

/** Each ends when what was killed runs again. */
const faults: [name: string, strike: () => Promise<void>][] = [
  [
    'an API process',
    async () => {
      const index = random(own.apis.length);
      await own.killApi(index);
      await own.startApiAgain(index);
    },
  ],
  [
    'a worker',
    async () => {
      const index = random(own.workers.length);
      await own.killWorker(index);
      await pause(LONGEST_AWAY_MS);
      await own.startWorkerAgain(index);
    },
  ],
  [
    'Redis',
    async () => {
      await redis.kill();
      await pause(LONGEST_AWAY_MS);
      await redis.startAgain();
    },
  ],
  [
    'MariaDB',
    async () => {
      await mariadb.kill();
      await pause(LONGEST_AWAY_MS);
      await mariadb.startAgain();
    },
  ],
];

it(
  `neither loses, doubles nor reorders a turn of ${CONVERSATIONS} conversations in ${ROUNDS} round(s) of kill -9`,
  { timeout: 240_000 + ROUNDS * 120_000 },
  async () => {
    console.info(`TEST_SEED=${SEED}`);
    await own.clients.begin(CONVERSATIONS);
    await own.awaitDone(CONVERSATIONS);
    const struck: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const left = [...faults];
      while (left.length > 0) {
        const [[name, strike] = faults[0]!] = left.splice(random(left.length), 1);
        await pause(LONGEST_CALM_MS);
        console.info(`${new Date().toISOString()} kill -9 of ${name}`);
        await strike();
        struck.push(name);
        await own.awaitDone(ANSWERS_BETWEEN, 120_000);
      }
    }
    const counts = await own.expectNothingLost();
    const lagMs = await own.ledger.longestLagMs(own.database, performance.now());
    console.info(`kill -9 of ${struck.join(', ')}: ${JSON.stringify({ ...counts, lagMs })}`);
    expect(counts.interrupted).toBeGreaterThan(0);
    expect(lagMs).toBeLessThan(LONGEST_LAG_MS);
  },
);

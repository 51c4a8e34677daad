import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LogProduct } from '../factories/log-product.js';
import { OwnMariadb } from '../factories/own-mariadb.js';
import { OwnRedis } from '../factories/own-redis.js';
import { randomFrom } from '../factories/random.js';

const ROUNDS = Number(process.env['TEST_FAULT_ROUNDS'] ?? 1);
const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
const DEVICES = 8;
/** A fault comes at most so long after all went on again after the one before. */
const LONGEST_CALM_MS = 1_000;
/** A server that died stays away for at most so long. */
const LONGEST_AWAY_MS = 1_500;
const REQUESTS_BETWEEN = 60;
const STORED_BETWEEN = 10;

const random = randomFrom(SEED);
const pause = (longestMs: number) => delay(random(longestMs));

let mariadb: OwnMariadb;
let redis: OwnRedis;
let logs: LogProduct;
beforeAll(async () => {
  [mariadb, redis] = await Promise.all([OwnMariadb.start(), OwnRedis.start('always')]);
  logs = await LogProduct.start(
    { LOCKKEEPER_DATABASE_URL: mariadb.url, LOCKKEEPER_REDIS_URL: redis.url },
    random,
  );
});
afterAll(async () => {
  await logs?.dispose();
  await Promise.all([redis?.dispose(), mariadb?.dispose()]);
});

/** Each ends when what was killed runs again. */
const faults: [name: string, strike: () => Promise<void>][] = [
  [
    'an API process',
    async () => {
      const index = random(logs.apis.length);
      await logs.apis[index]?.kill();
      await logs.startApiAgain(index);
    },
  ],
  [
    'a worker with its writers',
    async () => {
      const index = random(logs.workers.length);
      await logs.workers[index]?.kill();
      await logs.startWorkerAgain(index);
    },
  ],
  [
    'all workers with their writers',
    async () => {
      await Promise.all(logs.workers.map((worker) => worker.kill()));
      await pause(LONGEST_AWAY_MS);
      await Promise.all(logs.workers.map((_, index) => logs.startWorkerAgain(index)));
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
  `neither loses nor doubles a log line in ${ROUNDS} round(s) of kill -9`,
  { timeout: 180_000 + ROUNDS * 120_000 },
  async () => {
    console.info(`TEST_SEED=${SEED}`);
    logs.clients.begin(DEVICES);
    await logs.awaitGoingOn(REQUESTS_BETWEEN, STORED_BETWEEN);
    const struck: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const left = [...faults];
      while (left.length > 0) {
        const [[name, strike] = faults[0]!] = left.splice(random(left.length), 1);
        await pause(LONGEST_CALM_MS);
        await strike();
        const mendedAt = performance.now();
        await logs.awaitGoingOn(REQUESTS_BETWEEN, STORED_BETWEEN);
        struck.push(`${name} (goes on after ${Math.round(performance.now() - mendedAt)} ms)`);
      }
    }
    const counts = await logs.expectNothingLost();
    console.info(`kill -9 of ${struck.join(', ')}: ${JSON.stringify(counts)}`);
    expect(counts.takenLines).toBeGreaterThan(struck.length * REQUESTS_BETWEEN);
  },
);

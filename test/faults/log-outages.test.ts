import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LogProduct } from '../factories/log-product.js';
import type { LogRefusal } from '../factories/log-ledger.js';
import { OwnMariadb } from '../factories/own-mariadb.js';
import { OwnRedis } from '../factories/own-redis.js';
import { randomFrom } from '../factories/random.js';
import { waitUntil } from '../factories/wait.js';

const ROUNDS = Number(process.env['TEST_FAULT_ROUNDS'] ?? 1);
const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
const DEVICES = 8;
const BACKLOG_BYTES = 1_500_000;
/** Less than the backlog may have, so that Redis is full first. */
const REDIS_ROOM_BYTES = 100_000;
/** So long a process remembers who calls without asking the database. */
const PRINCIPAL_CACHE_MS = 300;
/** So many answers are seen of each outage. */
const REFUSALS = ROUNDS > 1 ? 400 : 40;
const ROUND_MS = 90_000;

describe('while something has no room, the logs', () => {
  let mariadb: OwnMariadb;
  let redis: OwnRedis;
  let logs: LogProduct;
  beforeAll(async () => {
    console.info(`TEST_SEED=${SEED}`);
    [mariadb, redis] = await Promise.all([OwnMariadb.start(), OwnRedis.start()]);
    logs = await LogProduct.start(
      {
        LOCKKEEPER_DATABASE_URL: mariadb.url,
        LOCKKEEPER_REDIS_URL: redis.url,
        LOCKKEEPER_LOGS_BACKLOG_BYTES: String(BACKLOG_BYTES),
        LOCKKEEPER_LOGS_STORED_WAIT_MS: '500',
        LOCKKEEPER_PRINCIPAL_CACHE_MS: String(PRINCIPAL_CACHE_MS),
      },
      randomFrom(SEED),
      { apis: 1, workers: 1 },
    );
    logs.clients.begin(DEVICES);
    await logs.awaitGoingOn(40, 5);
  });
  afterAll(async () => {
    await logs?.dispose();
    await Promise.all([redis?.dispose(), mariadb?.dispose()]);
  });

  const workerIs = (signal: 'SIGSTOP' | 'SIGCONT') => logs.workers[0]?.child.kill(signal);

  /** The next answers that refuse, all of them as they must be. */
  async function awaitRefusals(code: string, title: RegExp): Promise<void> {
    const before = logs.ledger.refusals.length;
    await waitUntil('refusals', () => logs.ledger.refusals.length >= before + REFUSALS, ROUND_MS);
    const refusals = logs.ledger.refusals.slice(before);
    const isRight = ({ status, text, retryAfter }: LogRefusal) =>
      status === 503 && retryAfter === '1' && (text.includes(`"code":"${code}"`) || title.test(text));
    expect(refusals.filter((refusal) => !isRight(refusal))).toEqual([]);
    // OTLP, Loki and our own routes each have a shape of their own.
    expect(new Set(refusals.map(({ text }) => text.slice(0, 9))).size).toBeGreaterThanOrEqual(3);
  }

  const repeated = (name: string, outage: () => Promise<void>) =>
    it(name, { timeout: 30_000 + ROUNDS * ROUND_MS }, async () => {
      for (let round = 0; round < ROUNDS; round++) await outage();
    });

  repeated(
    'are refused whole when Redis is at its limit, and go on by themselves when writers made room',
    async () => {
      workerIs('SIGSTOP');
      await redis.leaveRoom(REDIS_ROOM_BYTES);
      await awaitRefusals('log_queue_unavailable', /queue for logs cannot be reached/);
      workerIs('SIGCONT');
      await logs.awaitGoingOn(40, 5);
      await redis.makeRoom();
    },
  );

  repeated('are refused whole when the backlog is full, and go on when it is not', async () => {
    workerIs('SIGSTOP');
    await awaitRefusals('log_backlog_full', /wait to be stored than there is room/);
    const { backlog } = await logs.accounting();
    expect(backlog.limit_bytes).toBe(BACKLOG_BYTES);
    expect(backlog.bytes).toBeLessThanOrEqual(BACKLOG_BYTES);
    expect(backlog.bytes).toBeGreaterThan(BACKLOG_BYTES / 2);
    workerIs('SIGCONT');
    await logs.awaitGoingOn(40, 5);
  });

  repeated('wait in the queue while the database takes no writes, and are stored when it does', async () => {
    const output = logs.workers[0]?.output ?? (() => '');
    const count = (text: string) => output().split(text).length - 1;
    const said = count('logs cannot be stored; they wait in the queue');
    const saidOver = count('logs are stored again');
    await mariadb.setReadOnly(true);
    const waiting = await waitUntil('a request that is not stored in time', async () => {
      const request = await logs.clients.sendOnce('single', 'stored');
      return request.answer.fate === 'queued' && request;
    });
    expect(waiting.status).toBe(202);
    await logs.awaitGoingOn(20, 0);
    const receipt = await logs.get(`/api/logs/receipts/${waiting.answer.receipt_id}`);
    expect(await receipt.json()).toMatchObject({ fate: 'queued' });
    await delay(1_000);
    // Two writers, each once, however often they have tried.
    expect(count('logs cannot be stored; they wait in the queue') - said).toBeLessThanOrEqual(2);
    expect(count('logs cannot be stored; they wait in the queue') - said).toBeGreaterThan(0);
    expect((await logs.accounting()).pending_lines).toBeGreaterThan(0);
    expect(logs.workers[0]?.child.exitCode).toBeNull();
    await mariadb.setReadOnly(false);
    await logs.awaitGoingOn(40, 5);
    await waitUntil('the writers to say so', () => count('logs are stored again') > saidOver);
  });

  repeated('are taken in while the database is away, and stored when it is back', async () => {
    const before = logs.ledger.refusals.length;
    await mariadb.kill();
    const struckAt = performance.now();
    await logs.awaitGoingOn(10, 0);
    await waitUntil(
      'nobody remembered any more',
      () => performance.now() - struckAt > 3 * PRINCIPAL_CACHE_MS,
    );
    await logs.awaitGoingOn(10, 0);
    const refusals = logs.ledger.refusals.slice(before);
    // On a fast machine the backlog may be full by now.
    expect(refusals.filter(({ text }) => !/than there is room for/.test(text))).toEqual([]);
    await mariadb.startAgain();
    await logs.awaitGoingOn(40, 5);
  });

  it('have lost, doubled and halved nothing', { timeout: 120_000 }, async () => {
    const counts = await logs.expectNothingLost();
    console.info(JSON.stringify(counts));
    expect(counts.unheard).toBe(0);
  });
});

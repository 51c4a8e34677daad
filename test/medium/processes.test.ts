import type { INestApplicationContext } from '@nestjs/common';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IndexTurnsHandler } from '../../src/modules/search/jobs/index-turns.handler.js';
import type { Transactions } from '../../src/platform/database/index.js';
import { JobWorkers } from '../../src/platform/queue/index.js';
import { newId } from '../../src/shared/ids.js';
import { noteWorker, type ProcessAnswer } from '../factories/monitoring.js';
import { pauseSchedules } from '../factories/paused-schedules.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestDatabase, openDatabase, type TestDatabase } from '../factories/test-database.js';
import { createTestWorker } from '../factories/test-worker.js';
import { bearer, createUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

interface ProcessList {
  items: ProcessAnswer[];
  is_current: boolean;
  age_ms: number;
}

describe('the list of processes', () => {
  let test: TestApp;
  let databaseServer: TestDatabase;
  let databaseWay: TcpProxy;
  let database: Transactions & AsyncDisposable;
  let worker: INestApplicationContext;
  let operator: Record<string, string>;
  beforeAll(async () => {
    databaseServer = await createTestDatabase();
    databaseWay = await createTcpProxy(databaseServer.url);
    test = await createTestApp({
      LOCKKEEPER_DATABASE_URL: databaseWay.url,
      // So that each call asks MySQL who calls.
      LOCKKEEPER_PRINCIPAL_CACHE_MS: '50',
    });
    await pauseSchedules({ LOCKKEEPER_DATABASE_URL: databaseServer.url });
    worker = await createTestWorker({
      ...test.environment,
      LOCKKEEPER_DATABASE_URL: databaseServer.url,
    });
    database = await openDatabase(databaseServer.url);
    operator = bearer((await createUser(test, { role: 'operator' })).apiKey);
    const url = '/api/admin/processes';
    await waitUntil(
      'a first list',
      async () => (await test.app.inject({ url, headers: operator })).statusCode === 200,
    );
  });
  afterAll(async () => {
    databaseWay.unmute();
    await worker.close();
    await test.close();
    await database[Symbol.asyncDispose]();
    await databaseServer.drop();
  });

  async function list(): Promise<ProcessList> {
    const answer = await test.app.inject({ url: '/api/admin/processes', headers: operator });
    expect(answer.statusCode).toBe(200);
    return answer.json<ProcessList>();
  }
  const workerId = () => worker.get(JobWorkers, { strict: false }).id;
  /** Waits until the worker is so. */
  const workerOnce = (what: string, isSo: (answer: ProcessAnswer) => boolean) =>
    waitUntil(what, async () => {
      const found = (await list()).items.find(({ id }) => id === workerId());
      return found !== undefined && isSo(found) && found;
    });

  it('has each with what it does, and whether Redis knows it', async () => {
    const found = await workerOnce('a connected worker', ({ is_connected_to_redis: is }) => is === true);
    expect(found).toMatchObject({ name: 'worker-0', role: 'worker', pid: process.pid, state: 'alive' });
    expect(found.queues).toEqual([
      { name: 'conversation-saves', concurrency: expect.any(Number), active: 0 },
      { name: 'message_index', concurrency: 2, active: 0 },
      { name: 'file_processing', concurrency: 4, active: 0 },
      { name: 'vectorization', concurrency: 4, active: 0 },
      { name: 'kg_extraction', concurrency: 2, active: 0 },
    ]);
    expect(found.rss_bytes).toBeGreaterThan(10_000_000);
    expect(found.event_loop_lag_ms).toBeGreaterThanOrEqual(0);
    const { items, is_current: isCurrent } = await list();
    expect(isCurrent).toBe(true);
    expect(items.map(({ name }) => name)).toEqual(['api-0', 'worker-0']);
    expect(items[0]).toMatchObject({
      role: 'api',
      state: 'alive',
      reason: null,
      is_connected_to_redis: true,
    });
  });

  it('shows a worker as stuck that gets nothing done while jobs wait, with the work it hangs on', async () => {
    const handler = worker.get(IndexTurnsHandler, { strict: false });
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    handler.handle = () => released;
    await using redis = new DisposableRedis(test.environment['LOCKKEEPER_REDIS_URL'] ?? '');
    const queue = new Queue('message_index', { connection: redis.client, prefix: '{lockkeeper}' });
    // As many as run at once, and one that waits for longer than it should.
    for (let count = 0; count < 3; count++) {
      const payload = { turn_ids: [newId()] };
      await queue.add('search.index-turns.v1', payload, { timestamp: Date.now() - 100_000 });
    }
    const busy = await workerOnce('both places taken', ({ queues }) =>
      queues.some(({ name, active }) => name === 'message_index' && active === 2),
    );
    expect(busy.state).toBe('alive');
    expect(busy.current_work.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['search.index-turns.v1', 'search.index-turns.v1']),
    );
    // They have run for longer than the objective, as far as anybody can see.
    const activity = worker.get(JobWorkers, { strict: false });
    const told = activity.activity();
    activity.activity = () => told.map((one) => ({ ...one, lastProgressAt: new Date(Date.now() - 90_000) }));
    const stuck = await workerOnce('stuck', ({ state }) => state === 'stuck');
    expect(stuck.reason).toMatch(
      /^It has begun and ended no job for 9\d s, while jobs of message_index have/,
    );
    Reflect.deleteProperty(activity, 'activity');
    release();
    await workerOnce('alive again', ({ state }) => state === 'alive');
    await queue.close();
  });

  it('forgets a worker that ends in order, keeps one that is gone without a word, and cleans up after an hour', async () => {
    const second = await createTestWorker({
      ...test.environment,
      LOCKKEEPER_DATABASE_URL: databaseServer.url,
    });
    const { id } = second.get(JobWorkers, { strict: false });
    const states = async () => Object.fromEntries((await list()).items.map((one) => [one.id, one.state]));
    await waitUntil('a second worker', async () => (await states())[id] === 'alive');
    await second.close();
    await waitUntil('one worker less', async () => (await states())[id] === undefined);

    const lost = await noteWorker(database, { name: 'worker-8', silentS: 11 });
    const old = await noteWorker(database, { name: 'worker-7', silentS: 3_700 });
    const seen = await waitUntil('the lost one', async () => {
      const now = await states();
      return now[lost] === 'lost' && now;
    });
    expect(seen[old]).toBeUndefined();
    const rows = () => database.single.query<{ id: string }[]>('SELECT id FROM processes');
    expect((await rows()).map((row) => row.id)).toContain(old);
    // A process cleans up when it begins, and then every minute.
    const third = await createTestWorker({
      ...test.environment,
      LOCKKEEPER_DATABASE_URL: databaseServer.url,
    });
    await waitUntil('the old row gone', async () => !(await rows()).some((row) => row.id === old));
    expect((await rows()).map((row) => row.id)).toContain(lost);
    await third.close();
  });

  it('is what was known last, and says so, while MySQL hangs', async () => {
    await list();
    databaseWay.mute();
    const remembered = await waitUntil('an old list', async () => {
      const answer = await list();
      return !answer.is_current && answer;
    });
    databaseWay.unmute();
    expect(remembered.age_ms).toBeGreaterThan(0);
    expect(remembered.items.find(({ id }) => id === workerId())).toMatchObject({ state: 'alive' });
    await waitUntil('a current list', async () => (await list()).is_current);
  });
});

class DisposableRedis implements AsyncDisposable {
  readonly client: Redis;

  constructor(url: string) {
    this.client = new Redis(url, { maxRetriesPerRequest: null });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.quit();
  }
}

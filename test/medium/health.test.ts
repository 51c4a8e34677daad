import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/shared/ids.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createTestDatabase, openDatabase, type TestDatabase } from '../factories/test-database.js';
import { createTestRedis } from '../factories/test-redis.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { waitUntil } from '../factories/wait.js';

/** The product's promise is 300 ms; a test machine that does other things besides gets some grace. */
const PROMISED_MS = 300;
const GRACE_MS = 700;

interface Report {
  status: string;
  message: string;
  queue_size: number | null;
  workers_active: number | null;
  reasons?: string[];
  details: Record<string, Record<string, unknown>>;
}

describe('health', () => {
  let test: TestApp;
  let database: TestDatabase;
  let databaseWay: TcpProxy;
  let redisWay: TcpProxy;

  beforeAll(async () => {
    database = await createTestDatabase();
    databaseWay = await createTcpProxy(database.url);
    redisWay = await createTcpProxy(await createTestRedis());
    test = await createTestApp({
      LOCKKEEPER_DATABASE_URL: databaseWay.url,
      LOCKKEEPER_REDIS_URL: redisWay.url,
      LOCKKEEPER_REDIS_COMMAND_TIMEOUT_MS: '250',
    });
  });
  afterAll(async () => {
    databaseWay.unmute();
    redisWay.unmute();
    await test.close();
    await database.drop();
  });
  beforeEach(async () => {
    await waitUntil('both there', async () => {
      const { mysql, redis } = (await report()).details;
      return mysql?.['status'] === 'up' && redis?.['status'] === 'up';
    });
  });

  async function ask(path: string) {
    const startedAt = performance.now();
    const answer = await test.app.inject({ url: path });
    return {
      status: answer.statusCode,
      body: answer.json<Report>(),
      elapsedMs: performance.now() - startedAt,
    };
  }
  const report = async () => (await ask('/health')).body;
  const isDatabaseMissed = ({ details }: Report) => details['mysql']?.['status'] !== 'up';
  const reportOnce = (what: string, isSo: (report: Report) => boolean) =>
    waitUntil(what, async () => {
      const answer = await ask('/health');
      return isSo(answer.body) && answer;
    });

  it('has the four fields that its readers know, and what is behind them', async () => {
    const { status, body } = await ask('/health');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'degraded',
      message: 'Service is running, degraded',
      queue_size: 0,
      workers_active: 0,
      reasons: [
        'No worker is alive: background work waits.',
        'No worker looks after the periodic tasks: none is begun.',
      ],
    });
    expect(Object.keys(body.details).sort()).toEqual([
      'disk',
      'log_quarantine',
      'logs',
      'mysql',
      'parked_conversations',
      'queues',
      'redis',
      'saves',
      'scheduler',
      'workers',
    ]);
    expect(body.details['redis']).toMatchObject({ status: 'up', eviction_policy: 'noeviction' });
  });

  it('is ok as soon as a worker has shown itself, and counts it until its heartbeat is old', async () => {
    await using rows = await openDatabase(database.url);
    const id = newId();
    await rows.single.query(
      `INSERT INTO processes (id, role, host, pid, version, queues, started_at, heartbeat_at)
       VALUES (?, 'worker', 'elsewhere', 1, '1', '[]', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
      [id],
    );
    await rows.single.query(
      'UPDATE schedule_lease SET expires_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR WHERE id = 1',
    );
    const { body } = await reportOnce('ok', ({ status }) => status === 'ok');
    expect(body).toMatchObject({ message: 'Service is running', workers_active: 1 });
    expect(body.reasons).toBeUndefined();
    await rows.single.query(
      'UPDATE processes SET heartbeat_at = UTC_TIMESTAMP(3) - INTERVAL 16 SECOND WHERE id = ?',
      [id],
    );
    await reportOnce('degraded again', ({ workers_active: workers }) => workers === 0);
  });

  it('counts this process among the live ones', async () => {
    expect((await report()).details['workers']).toMatchObject({ api_processes: 1 });
  });

  it('answers in time, degraded, while Redis hangs, and knows nothing of the queues', async () => {
    redisWay.mute();
    const { status, body, elapsedMs } = await reportOnce(
      'Redis missed',
      ({ details }) => details['redis']?.['status'] !== 'up',
    );
    redisWay.unmute();
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'degraded', queue_size: null });
    expect(elapsedMs).toBeLessThan(PROMISED_MS + GRACE_MS);
  });

  it('answers in time, degraded, while Redis refuses, and stays ready', async () => {
    await redisWay.cut();
    const { status, elapsedMs } = await reportOnce(
      'Redis missed',
      ({ details }) => details['redis']?.['status'] !== 'up',
    );
    expect(status).toBe(200);
    expect((await ask('/health/ready')).status).toBe(200);
    await redisWay.restore();
    expect(elapsedMs).toBeLessThan(PROMISED_MS + GRACE_MS);
  });

  it('answers in time, degraded, while MySQL hangs, is not ready, but lives', async () => {
    databaseWay.mute();
    const { status, body, elapsedMs } = await reportOnce('MySQL missed', isDatabaseMissed);
    const ready = await ask('/health/ready');
    const live = await ask('/health/live');
    databaseWay.unmute();
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'degraded', workers_active: null });
    expect(body.reasons).toContain('MySQL does not answer.');
    expect(elapsedMs).toBeLessThan(PROMISED_MS + GRACE_MS);
    expect(ready.status).toBe(503);
    expect(ready.body).toMatchObject({ detail: expect.stringContaining('MySQL does not answer.') });
    expect(live.status).toBe(200);
  });

  it('answers in time, degraded, while MySQL refuses', async () => {
    await databaseWay.cut();
    const { status, body, elapsedMs } = await reportOnce('MySQL missed', isDatabaseMissed);
    await databaseWay.restore();
    expect(status).toBe(200);
    expect(body.status).toBe('degraded');
    expect(elapsedMs).toBeLessThan(PROMISED_MS + GRACE_MS);
  });

  it('answers 503 in time while both hang, is not ready, but lives', async () => {
    databaseWay.mute();
    redisWay.mute();
    const { status, body, elapsedMs } = await reportOnce(
      'both missed',
      (health) => health.status === 'error',
    );
    const ready = await ask('/health/ready');
    const live = await ask('/health/live');
    databaseWay.unmute();
    redisWay.unmute();
    expect(status).toBe(503);
    expect(body).toMatchObject({ message: 'Service cannot serve', workers_active: null, queue_size: null });
    expect(elapsedMs).toBeLessThan(PROMISED_MS + GRACE_MS);
    expect(ready.status).toBe(503);
    expect(live.status).toBe(200);
  });
});

import { randomUUID } from 'node:crypto';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { VerdictName } from '../../src/modules/monitoring/domain/verdicts.js';
import { HealthService } from '../../src/modules/monitoring/health/health.service.js';
import type { Transactions } from '../../src/platform/database/index.js';
import { logLine } from '../factories/logs.js';
import { codesOf, noteWorker, type OverviewAnswer } from '../factories/monitoring.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { setClockAhead } from '../factories/test-clock.js';
import { openDatabase } from '../factories/test-database.js';
import { TestTurns } from '../factories/turns.js';
import { bearer, createUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const MINUTE_MS = 60_000;

describe('the verdicts', () => {
  let test: TestApp;
  let operator: Record<string, string>;
  let database: Transactions & AsyncDisposable;
  let turns: TestTurns;
  let redis: Redis;
  let jobs: Queue;
  beforeAll(async () => {
    test = await createTestApp({ LOCKKEEPER_LOGS_BACKLOG_BYTES: '20000' });
    operator = bearer((await createUser(test, { role: 'operator' })).apiKey);
    database = await openDatabase(test.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
    turns = new TestTurns(test);
    redis = new Redis(test.environment['LOCKKEEPER_REDIS_URL'] ?? '', { maxRetriesPerRequest: null });
    jobs = new Queue('message_index', { connection: redis, prefix: '{lockkeeper}' });
  });
  afterAll(async () => {
    await jobs.close();
    await redis.quit();
    await turns.close();
    await test.close();
    await database[Symbol.asyncDispose]();
  });

  const query = (sql: string, values: unknown[] = []) => database.single.query(sql, values);
  async function overview(): Promise<OverviewAnswer> {
    const answer = await test.app.inject({ url: '/api/admin/overview', headers: operator });
    expect(answer.statusCode).toBe(200);
    return answer.json<OverviewAnswer>();
  }
  const once = (verdict: VerdictName, code: string) =>
    waitUntil(`${verdict}: ${code}`, async () => {
      const answer = await overview();
      return codesOf(answer, verdict).includes(code) && answer;
    });
  const gone = (verdict: VerdictName, code: string) =>
    waitUntil(`${verdict} without ${code}`, async () => !codesOf(await overview(), verdict).includes(code));

  it('fail for want of a worker, and are good when one is there and looks after the tasks', async () => {
    const without = await once('liveness', 'no_worker');
    expect(without.verdicts.liveness).toMatchObject({ state: 'failing', reason_code: 'no_worker' });
    expect(codesOf(without, 'liveness')).toContain('schedules_unattended');
    expect(without.processes).toEqual({ alive: 1, stuck: 0, lost: 0 });
    await noteWorker(database);
    await query('UPDATE schedule_lease SET expires_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR');
    const keepAlive = () =>
      query(`UPDATE processes SET heartbeat_at = UTC_TIMESTAMP(3), started_at = UTC_TIMESTAMP(3)
             WHERE name = 'worker-9'`);
    const good = await waitUntil('all well', async () => {
      await keepAlive();
      const answer = await overview();
      return answer.verdicts.liveness.reason_code === 'all_alive' && answer;
    });
    expect(good.verdicts).toMatchObject({
      flow: { state: 'ok', reason_code: 'all_flowing', also: [] },
      execution: { state: 'ok', reason_code: 'all_succeeding', also: [] },
      liveness: { state: 'ok', reason_code: 'all_alive', also: [] },
    });
    expect(good).toMatchObject({
      redis: 'up',
      mysql: 'up',
      scheduler: { mode: 'redis', is_lease_held: true },
      save_lag_ms: 0,
      processes: { alive: 2, stuck: 0, lost: 0 },
      parked_conversations: 0,
      quarantined_entries: 0,
      log_backlog_bytes: 0,
    });
    expect(good.queues).toContainEqual({
      name: 'conversation-saves',
      waiting: 0,
      active: 0,
      delayed: 0,
      failed: 0,
      oldest_age_ms: null,
      objective_ms: 10_000,
      is_paused: false,
    });
  });

  it('tell of processes that are lost, stuck or held up', async () => {
    const lost = await noteWorker(database, { name: 'worker-7', silentS: 11, ageS: 60 });
    const stuck = await noteWorker(database, { name: 'worker-6', ageS: 60 });
    const heldUp = await noteWorker(database, { name: 'worker-5', lagMs: 2_000 });
    const touch = () =>
      query('UPDATE processes SET heartbeat_at = UTC_TIMESTAMP(3) WHERE id IN (?)', [[stuck, heldUp]]);
    const answer = await waitUntil('all three', async () => {
      await touch();
      const seen = await overview();
      const codes = codesOf(seen, 'liveness');
      const expected = ['process_lost', 'process_stuck', 'process_held_up'];
      return expected.every((code) => codes.includes(code)) && seen;
    });
    expect(answer.processes).toMatchObject({ stuck: 1, lost: 1 });
    await query('DELETE FROM processes WHERE id IN (?)', [[lost, stuck, heldUp]]);
    await gone('liveness', 'process_lost');
  });

  it('tell of jobs that wait for too long, of a paused queue and of jobs that failed', async () => {
    const old = await jobs.add('test', {}, { timestamp: Date.now() - 2 * MINUTE_MS });
    const late = await once('flow', 'queue_late');
    expect(late.verdicts.flow.state).toBe('warning');
    await jobs.pause();
    await once('flow', 'queue_paused');
    await gone('flow', 'queue_late');
    await jobs.resume();
    await old.remove();
    await jobs.add('test', {}, { attempts: 1, timestamp: Date.now() - 10 * MINUTE_MS });
    const failing = await once('flow', 'queue_late');
    expect(failing.verdicts.flow.state).toBe('failing');
    const worker = new Worker('message_index', () => Promise.reject(new Error('of a test')), {
      connection: redis.duplicate(),
      prefix: '{lockkeeper}',
    });
    const failed = await once('execution', 'jobs_failed');
    expect(failed.verdicts.execution.reason).toBe('1 jobs of message_index have failed for good.');
    await worker.close();
    await jobs.clean(0, 10, 'failed');
    await gone('execution', 'jobs_failed');
  });

  it('tell of turns that are saved late, and of parked conversations', async () => {
    await turns.finishedTurn(await turns.conversation(3));
    setClockAhead(test, 11_000);
    const late = await once('flow', 'saves_late');
    expect(late.verdicts.flow.state).toBe('warning');
    expect(late.save_lag_ms).toBeGreaterThan(10_000);
    setClockAhead(test, 61_000);
    const tooLate = await waitUntil('much too late', async () => {
      const answer = await overview();
      return answer.verdicts.flow.state === 'failing' && answer;
    });
    expect(tooLate.verdicts.flow.reason_code).toBe('saves_late');
    await turns.saveShard(3);
    await gone('flow', 'saves_late');
    setClockAhead(test, 0);
    await query(
      `INSERT INTO parked_conversations (conversation_id, shard, turn_id, error, parked_at)
       VALUES (?, 0, ?, 'of a test', UTC_TIMESTAMP(3))`,
      [randomUUID(), randomUUID()],
    );
    expect((await once('flow', 'conversations_parked')).parked_conversations).toBe(1);
    await query('DELETE FROM parked_conversations');
    await gone('flow', 'conversations_parked');
  });

  it('tell of tasks that failed last, and that are driven without Redis', async () => {
    await query(
      `INSERT INTO schedule_tasks (name, default_cron, settled_until, last_outcome)
       VALUES ('expire-holds', '* * * * *', UTC_TIMESTAMP(3), 'timed_out'),
         ('gone-since', '* * * * *', UTC_TIMESTAMP(3), 'failed')`,
    );
    const failing = await once('execution', 'schedules_failing');
    expect(failing.verdicts.execution.reason).toBe(
      'The last run of these periodic tasks failed: expire-holds.',
    );
    await query(`UPDATE schedule_tasks SET last_outcome = 'succeeded'`);
    await gone('execution', 'schedules_failing');
    await query(`UPDATE schedule_lease SET mode = 'local'`);
    expect((await once('flow', 'schedules_without_redis')).scheduler).toMatchObject({ mode: 'local' });
    await query(`UPDATE schedule_lease SET mode = 'redis'`);
    await gone('flow', 'schedules_without_redis');
  });

  it('tell of logs that are not stored, or late, that have no room, and of those in quarantine', async () => {
    const send = (message: string) =>
      test.app.inject({
        method: 'POST',
        url: '/api/log',
        headers: operator,
        payload: { device_id: 'verdicts', log_level: 'INFO', message, log_data: { long: 'x'.repeat(9_000) } },
      });
    await redis.xadd(
      'logs:stream',
      '1-1',
      'receipt',
      logLine().id,
      'lines',
      '1',
      'bytes',
      '1',
      'payload',
      '?',
    );
    expect((await send('one')).statusCode).toBe(200);
    expect((await once('flow', 'no_log_writer')).log_backlog_bytes).toBeGreaterThan(9_000);
    await redis.xgroup('CREATE', 'logs:stream', 'log_workers', '0').catch(() => undefined);
    await redis.xreadgroup('GROUP', 'log_workers', 'of-a-test', 'COUNT', 1, 'STREAMS', 'logs:stream', '>');
    await once('flow', 'logs_late');
    expect((await send('two')).statusCode).toBe(200);
    expect((await once('flow', 'log_backlog_full')).verdicts.flow.state).toBe('failing');
    await query(
      `INSERT INTO log_quarantine (id, entry_id, kind, line_count, content, error, created_at)
       VALUES (?, ?, 'line', 1, '{}', 'of a test', UTC_TIMESTAMP(3))`,
      [randomUUID(), randomUUID()],
    );
    expect((await once('flow', 'logs_quarantined')).quarantined_entries).toBe(1);
    await redis.del('logs:stream', '{logs:stream}:state', '{logs:stream}:queued');
    await query('DELETE FROM log_quarantine');
    await gone('flow', 'logs_quarantined');
  });

  it('tell of requests that end with errors of ours, and of the rates of all', async () => {
    const health = test.app.get(HealthService, { strict: false });
    await overview();
    const spy = vi.spyOn(health, 'report').mockRejectedValue(new Error('of a test'));
    const failing = await waitUntil('requests that fail', async () => {
      for (let count = 0; count < 5; count++)
        expect((await test.app.inject({ url: '/health' })).statusCode).toBe(500);
      const answer = await overview();
      return codesOf(answer, 'execution').includes('requests_failing') && answer;
    });
    spy.mockRestore();
    expect(Number(failing.rates['errors_per_s'])).toBeGreaterThan(0);
    expect(Number(failing.rates['requests_per_s'])).toBeGreaterThanOrEqual(
      Number(failing.rates['errors_per_s']),
    );
    expect(failing.latency_ms['p95']).toBeGreaterThan(0);
    expect(failing.rates).toMatchObject({ coins_per_s: '0.000000', turns_per_s: 0 });
  });

  it('are for operators', async () => {
    const user = bearer((await createUser(test)).apiKey);
    for (const path of ['overview', 'live', 'processes']) {
      const url = `/api/admin/${path}`;
      expect((await test.app.inject({ url, headers: user })).statusCode).toBe(403);
      expect((await test.app.inject({ url })).statusCode).toBe(401);
    }
  });
});

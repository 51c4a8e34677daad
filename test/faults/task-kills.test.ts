import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTask, TaskService } from '../../src/modules/task/index.js';
import { Transactions } from '../../src/platform/database/index.js';
import { pauseSchedules } from '../factories/paused-schedules.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { createUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const PROGRAM = fileURLToPath(new URL('../processes/task-worker.mjs', import.meta.url));
const TASKS_A_ROUND = 16;
const KILLS = 3;
const LONG_MS = 120_000;

const kind = defineTask({
  name: 'test.survive',
  queue: 'file_processing',
  payload: z.object({ ms: z.int() }),
  result: z.object({ attempt: z.int() }),
  isPublic: true,
});

interface RunRow {
  task_id: string;
  attempt: number;
  what: 'begun' | 'done';
}

describe('tasks whose workers are killed, and whose Redis forgets', { timeout: 2 * LONG_MS }, () => {
  let test: TestApp;
  let output = '';
  const workers = new Set<ChildProcess>();
  beforeAll(async () => {
    test = await createTestApp(
      {
        LOCKKEEPER_TASKS_HEARTBEAT_TIMEOUT_MS: '3000',
        LOCKKEEPER_TASKS_READMIT_MS: '1000',
        LOCKKEEPER_TASKS_POLL_MS: '200',
        LOCKKEEPER_TASKS_MAX_RUNNING: '8',
      },
      [kind],
    );
    await pauseSchedules(test.environment);
    await query(
      `CREATE TABLE test_runs (id BIGINT AUTO_INCREMENT PRIMARY KEY, task_id CHAR(36), attempt INT, what CHAR(5), pid INT)`,
    );
    await Promise.all([startWorker(), startWorker()]);
  }, LONG_MS);
  afterAll(async () => {
    await Promise.all([...workers].map((worker) => end(worker, 'SIGTERM')));
    await test?.close();
  }, LONG_MS);

  function query<T = unknown[]>(sql: string, values: unknown[] = []): Promise<T> {
    return test.app.get(Transactions).single.query(sql, values);
  }

  async function startWorker(): Promise<void> {
    const { TEST_RUN_DIRECTORY: mark, PATH } = process.env;
    const worker = fork(PROGRAM, {
      env: {
        PATH,
        ...(mark && { TEST_RUN_DIRECTORY: mark }),
        ...test.environment,
        TEST_TASK_KIND: kind.name,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    worker.stdout?.on('data', (data: Buffer) => (output += data.toString()));
    worker.stderr?.on('data', (data: Buffer) => (output += data.toString()));
    workers.add(worker);
    const ended = once(worker, 'exit').then(() => false);
    if (!(await Promise.race([once(worker, 'message').then(() => true), ended]))) {
      throw new Error(`The worker ended before it was ready:\n${output}`);
    }
  }

  async function end(worker: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    workers.delete(worker);
    const ended = once(worker, 'exit');
    worker.kill(signal);
    await ended;
  }

  const readRuns = () => query<RunRow[]>('SELECT task_id, attempt, what FROM test_runs ORDER BY id');
  const countDone = async () => (await readRuns()).filter(({ what }) => what === 'done').length;

  it('all finish, no run is begun twice, and what is said of them is true', async () => {
    const owner = await createUser(test);
    const service = test.app.get(TaskService);
    const ids: string[] = [];
    const submitRound = async () => {
      for (let number = 0; number < TASKS_A_ROUND; number++) {
        const options = { retries: 20, retryIntervalMs: 100 };
        const { taskId } = await service.submit(owner.id, kind, { ms: 200 + (number % 4) * 600 }, options);
        ids.push(taskId);
      }
    };
    for (let kill = 0; kill < KILLS; kill++) {
      const before = await countDone();
      await submitRound();
      await waitUntil('some are done', async () => (await countDone()) > before + 1, LONG_MS);
      const [victim] = workers;
      if (victim) await end(victim, 'SIGKILL');
      if (kill === 1) {
        const redis = new Redis(test.environment['LOCKKEEPER_REDIS_URL'] ?? '');
        await redis.flushdb();
        await redis.quit();
      }
      await startWorker();
    }
    await waitUntil(
      'all have finished',
      async () => {
        const [row] = await query<{ left_over: string }[]>(
          `SELECT COUNT(*) AS left_over FROM tasks WHERE state <> 'finished'`,
        );
        return Number(row?.left_over) === 0;
      },
      LONG_MS,
    );
    const runs = await readRuns();
    const begun = runs.filter(({ what }) => what === 'begun');
    expect(new Set(begun.map(({ task_id, attempt }) => `${task_id} ${attempt}`)).size).toBe(begun.length);
    for (const id of ids) {
      const task = await service.find(owner.id, id);
      const done = runs.filter(({ task_id, what }) => task_id === id && what === 'done');
      // The run that it says it finished with was really done.
      expect(done.map(({ attempt }) => attempt)).toContain((task.result as { attempt: number }).attempt);
      expect(task.failures).toBe(task.attempt - 1);
    }
    // Else it proves nothing.
    expect(begun.length).toBeGreaterThan(ids.length);
    const [lane] = await query<Record<string, number>[]>('SELECT * FROM task_lanes WHERE queue = ?', [
      kind.queue,
    ]);
    expect(lane).toMatchObject({ finished: ids.length, queued: 0, admitted: 0, started: 0, scheduled: 0 });
  });
});

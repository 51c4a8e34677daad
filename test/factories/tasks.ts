import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { Transactions } from '../../src/platform/database/index.js';
import { scriptedFileTask, scriptedKinds, type TaskScript, taskScripts } from '../fakes/task-kinds.js';
import { pauseSchedules } from './paused-schedules.js';
import { createTestApp, type TestApp } from './test-app.js';
import { createTestWorker } from './test-worker.js';
import { bearer, createUser, type TestUser } from './users.js';
import { waitUntil } from './wait.js';

/** An API whose tasks do what the test says, and workers for them. */
export class TestTasks {
  private readonly workers = new Set<INestApplicationContext>();

  private constructor(
    readonly test: TestApp,
    private readonly workerSettings: Record<string, string>,
  ) {}

  /** Without a worker: start one. Work is looked for often, so that tests need not wait. */
  static async create(settings: Record<string, string> = {}): Promise<TestTasks> {
    const quick = { LOCKKEEPER_TASKS_POLL_MS: '50', ...settings };
    const test = await createTestApp(quick, scriptedKinds.kinds);
    await pauseSchedules(test.environment);
    return new TestTasks(test, quick);
  }

  async startWorker(settings: Record<string, string> = {}): Promise<INestApplicationContext> {
    const environment = { ...this.test.environment, ...this.workerSettings, ...settings };
    const worker = await createTestWorker(environment, scriptedKinds);
    this.workers.add(worker);
    return worker;
  }

  async stopWorker(worker: INestApplicationContext): Promise<void> {
    this.workers.delete(worker);
    await worker.close();
  }

  get transactions(): Transactions {
    return this.test.app.get(Transactions);
  }

  user(): Promise<TestUser> {
    return createUser(this.test);
  }

  /** Has a task run `script`. @returns what to name it by in a payload. */
  script(script: TaskScript): string {
    const name = randomUUID();
    taskScripts.set(name, script);
    return name;
  }

  async call(user: TestUser, method: 'GET' | 'POST', url: string, payload?: object) {
    const answer = await this.test.app.inject({
      method,
      url,
      headers: bearer(user.apiKey),
      ...(payload && { payload }),
    });
    return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
  }

  /** Submits a task of `file_processing`, or of another kind. @returns its id. */
  async submit(
    user: TestUser,
    script: string,
    options: Record<string, unknown> = {},
    name = scriptedFileTask.name,
  ): Promise<string> {
    const { status, body } = await this.call(user, 'POST', '/api/tasks', {
      name,
      payload: { script },
      options,
    });
    if (status !== 202) throw new Error(`The task was refused: ${JSON.stringify(body)}`);
    return body.task_id;
  }

  async read(user: TestUser, id: string) {
    return (await this.call(user, 'GET', `/api/tasks/${id}`)).body;
  }

  async state(user: TestUser, id: string): Promise<string> {
    return (await this.read(user, id)).state;
  }

  /** Waits until a task is in a state. @returns the task. */
  waitFor(user: TestUser, id: string, state: string) {
    return waitUntil(`the task is ${state}`, async () => {
      const task = await this.read(user, id);
      return task.state === state && task;
    });
  }

  /** The numbers of lanes that do not agree with the tasks there are; none if all is well. */
  async wrongNumbers(): Promise<unknown[]> {
    const states = [
      'queued',
      'admitted',
      'started',
      'scheduled',
      'deferred',
      'finished',
      'failed',
      'cancelled',
    ];
    const counted = states
      .map((state) => `COALESCE(SUM(t.state = '${state}'), 0) AS has_${state}`)
      .join(', ');
    const differs = states.map((state) => `MAX(l.${state}) <> has_${state}`).join(' OR ');
    return this.transactions.single.query(
      `SELECT l.owner_id, l.queue, ${counted}, ${states.map((state) => `MAX(l.${state}) AS ${state}`).join(', ')}
       FROM task_lanes l LEFT JOIN tasks t ON t.owner_id = l.owner_id AND t.queue = l.queue
       GROUP BY l.owner_id, l.queue HAVING ${differs}`,
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.workers].map((worker) => worker.close()));
    await this.test.close();
  }
}

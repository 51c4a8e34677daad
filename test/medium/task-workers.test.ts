import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configDefinitions } from '../../src/app.config.js';
import { WorkerRecycling } from '../../src/modules/task/engine/worker-recycling.js';
import { loadConfig } from '../../src/platform/config/index.js';
import { JobWorkers } from '../../src/platform/queue/index.js';
import { showQueues } from '../../src/queues.command.js';
import { scriptedFileTask, scriptedKinds, scriptedVectorTask } from '../fakes/task-kinds.js';
import { TestTasks } from '../factories/tasks.js';
import { createTestWorker } from '../factories/test-worker.js';
import type { TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

describe('workers', () => {
  let tasks: TestTasks;
  let user: TestUser;
  beforeAll(async () => {
    tasks = await TestTasks.create({ LOCKKEEPER_TASKS_MAX_RUNNING: '20' });
    user = await tasks.user();
  });
  afterAll(() => tasks.close());

  it('take jobs from the queues that they are told, and so many at once', async () => {
    const worker = await tasks.startWorker({
      LOCKKEEPER_WORKER_QUEUES: 'vectorization, kg_extraction',
      LOCKKEEPER_WORKER_CONCURRENCY: '7',
    });
    expect(worker.get(JobWorkers, { strict: false }).activity()).toMatchObject([
      { name: 'vectorization', concurrency: 7 },
      { name: 'kg_extraction', concurrency: 7 },
    ]);
    const left = await tasks.submit(user, 'none');
    const gate = Promise.withResolvers<unknown>();
    let [running, most] = [0, 0];
    const script = tasks.script(async () => {
      most = Math.max(most, ++running);
      await gate.promise;
      running--;
      return {};
    });
    const ids: string[] = [];
    for (let count = 0; count < 9; count++) {
      ids.push(await tasks.submit(user, script, {}, scriptedVectorTask.name));
    }
    await waitUntil('seven run', () => running === 7);
    gate.resolve({});
    for (const id of ids) await tasks.waitFor(user, id, 'finished');
    expect(most).toBe(7);
    expect(await tasks.state(user, left)).toBe('queued');
    await tasks.stopWorker(worker);
  });

  it('refuse to start for a queue that there is not, or without a handler for each kind', async () => {
    const { environment } = tasks.test;
    const unknown = createTestWorker({ ...environment, LOCKKEEPER_WORKER_QUEUES: 'vectors' }, scriptedKinds);
    await expect(unknown).rejects.toThrow("there is no queue 'vectors'");
    const lacking = createTestWorker(environment, {
      kinds: scriptedKinds.kinds,
      handlers: scriptedKinds.handlers.slice(1),
    });
    await expect(lacking).rejects.toThrow(`The task ${scriptedFileTask.name} has no handler.`);
    const unlisted = createTestWorker(environment, {
      kinds: scriptedKinds.kinds.slice(1),
      handlers: scriptedKinds.handlers,
    });
    await expect(unlisted).rejects.toThrow('is not listed in app.task-kinds.ts');
  });

  it('give way after so many tasks, once the last has ended, and drop none', async () => {
    const worker = await tasks.startWorker({ LOCKKEEPER_TASKS_RECYCLE_AFTER: '3' });
    const recycling = worker.get(WorkerRecycling, { strict: false });
    let stops = 0;
    recycling.stopProcess = () => void stops++;
    const gate = Promise.withResolvers<unknown>();
    const runs = new Map<string, number>();
    const count = (id: string) => runs.set(id, (runs.get(id) ?? 0) + 1);
    const long = tasks.script(({ taskId }) => {
      count(taskId);
      return gate.promise;
    });
    const short = tasks.script(async ({ taskId }) => {
      count(taskId);
      return {};
    });
    const longId = await tasks.submit(user, long);
    await tasks.waitFor(user, longId, 'started');
    const before: string[] = [];
    for (let number = 0; number < 3; number++) {
      const id = await tasks.submit(user, short);
      before.push(id);
      await tasks.waitFor(user, id, 'finished');
    }
    // It takes no more by now, but what it has must not be cut off.
    const after = [await tasks.submit(user, short), await tasks.submit(user, short)];
    const next = await tasks.startWorker();
    for (const id of after) await tasks.waitFor(user, id, 'finished');
    expect(stops).toBe(0);
    expect(await tasks.state(user, longId)).toBe('started');
    gate.resolve({});
    await tasks.waitFor(user, longId, 'finished');
    await waitUntil('the worker stops', () => stops === 1);
    expect([...runs.values()].every((times) => times === 1)).toBe(true);
    expect(runs.size).toBe(1 + before.length + after.length);
    await tasks.stopWorker(worker);
    await tasks.stopWorker(next);
  });

  it('give way when they have grown too large, and not before', async () => {
    const stops = { large: 0, small: 0 };
    const large = await tasks.startWorker({ LOCKKEEPER_TASKS_RECYCLE_RSS_MB: '1' });
    large.get(WorkerRecycling, { strict: false }).stopProcess = () => void stops.large++;
    const small = await tasks.startWorker({ LOCKKEEPER_TASKS_RECYCLE_RSS_MB: '1000000' });
    small.get(WorkerRecycling, { strict: false }).stopProcess = () => void stops.small++;
    await waitUntil('the large one stops', () => stops.large > 0);
    await tasks.waitFor(user, await tasks.submit(user, 'none'), 'finished');
    expect(stops.small).toBe(0);
    await tasks.stopWorker(large);
    await tasks.stopWorker(small);
  });

  it('are shown with the queues by a command, for people and for programs', async () => {
    const worker = await tasks.startWorker();
    const gate = Promise.withResolvers<unknown>();
    const owner = await tasks.user();
    const id = await tasks.submit(
      owner,
      tasks.script(() => gate.promise),
    );
    await tasks.waitFor(owner, id, 'started');
    const config = loadConfig(tasks.test.environment, configDefinitions);
    const show = async (options: { json?: boolean }) => {
      let shown = '';
      await showQueues(config, options, (text) => (shown += text));
      return shown;
    };
    const answer = await waitUntil('the worker has beaten', async () => {
      const read = JSON.parse(await show({ json: true }));
      return read.workers.length === 1 && read;
    });
    expect(answer.queues.map(({ queue_name }: { queue_name: string }) => queue_name)).toEqual([
      'file_processing',
      'vectorization',
      'kg_extraction',
    ]);
    expect(answer.queues[0]).toMatchObject({ started: 1, queued: 0 });
    expect(answer.workers[0]).toMatchObject({ state: 'busy', current_job_id: id });
    const text = await show({});
    expect(text).toMatch(/^ {2}✅ file_processing$/m);
    expect(text).toMatch(/^ {2}file_processing:\n {4}queued: 0\n {4}started: 1\n {4}finished: \d+\n/m);
    expect(text).toMatch(
      new RegExp(`1 worker:\n {2}✅ worker-0\\..+\n {4}state: busy\n.+\n {4}current job: ${id}\n$`),
    );
    gate.resolve({});
    await tasks.waitFor(owner, id, 'finished');
    await tasks.stopWorker(worker);
  });
});

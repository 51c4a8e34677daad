/** A process that adds jobs which do nothing, or one that runs them: started by job-ceiling.ts. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import type { JobTask } from './job-ceiling.ts';

const CHECK_INTERVAL_MS = 20;

const [task] = (await once(process, 'message')) as [JobTask];
await (task.role === 'add' ? addJobs(task) : runJobs(task));
process.disconnect();

/** Adds to each queue in bulk for as long as fewer wait than may, until it is told to stop. */
async function addJobs({ redisUrl, prefix, queues, backlogLimit, bulk }: JobTask): Promise<void> {
  let isStopped = false;
  const addTo = async (name: string) => {
    const queue = new Queue(name, { connection: { url: redisUrl }, prefix });
    await queue.waitUntilReady();
    await queue.setGlobalConcurrency(1);
    const jobs = Array.from({ length: bulk }, (_, number) => ({
      name: 'nothing',
      data: { number },
      opts: { attempts: 3, removeOnComplete: { count: 100 }, removeOnFail: { count: 100 } },
    }));
    while (!isStopped) {
      if ((await queue.getWaitingCount()) > backlogLimit / queues.length) await delay(CHECK_INTERVAL_MS);
      else await queue.addBulk(jobs);
    }
    await queue.obliterate({ force: true });
    await queue.close();
  };
  process.send?.('ready');
  const running = queues.map(addTo);
  await once(process, 'message');
  isStopped = true;
  await Promise.all(running);
  process.send?.('stopped');
}

/** Runs jobs of all queues and answers each message but the last, `stop`, with how many it has run. */
async function runJobs({ redisUrl, prefix, queues }: JobTask): Promise<void> {
  let finished = 0;
  const workers = queues.map(
    (name) =>
      new Worker(name, () => Promise.resolve(finished++), {
        connection: { url: redisUrl, maxRetriesPerRequest: null },
        prefix,
        concurrency: 1,
        lockDuration: 10_000,
        stalledInterval: 5_000,
        maxStalledCount: 100,
      }),
  );
  for (const worker of workers) worker.on('error', (error) => console.error(error));
  await Promise.all(workers.map((worker) => worker.waitUntilReady()));
  process.send?.('ready');
  for (;;) {
    const [message] = (await once(process, 'message')) as [string];
    if (message === 'stop') break;
    process.send?.(finished);
  }
  await Promise.all(workers.map((worker) => worker.close(true)));
  process.send?.('stopped');
}

import { setTimeout as delay } from 'node:timers/promises';
import { TaskMonitor, type TaskQueueStats, type TaskWorker } from './modules/task/index.js';
import type { LoadedConfig } from './platform/config/index.js';
import { withCliApp } from './with-cli-app.js';

export const QUEUES_HELP = `Usage: lockkeeper queues [--json] [--watch]

Shows the queues of tasks in numbers, and the workers that do them. Redis may be away.

  --json    print JSON, one line each time
  --watch   print it again every two seconds, until Ctrl-C

Exit code 0.
`;

export interface QueuesCommandOptions {
  json?: boolean | undefined;
  watch?: boolean | undefined;
}

const WATCH_MS = 2_000;
const WIDTH = 70;
const CLEAR_SCREEN = '\u001B[2J\u001B[H';

/** Runs `queues`. With `--watch` it ends when the process does. */
export async function showQueues(
  config: LoadedConfig,
  { json: isJson = false, watch: isWatching = false }: QueuesCommandOptions,
  print: (text: string) => void,
): Promise<void> {
  await withCliApp(
    config,
    async (app) => {
      const monitor = app.get(TaskMonitor);
      for (;;) {
        const [queues, workers] = await Promise.all([monitor.readStats(), monitor.listWorkers()]);
        if (isWatching && !isJson && process.stdout.isTTY) print(CLEAR_SCREEN);
        print(isJson ? `${JSON.stringify(toJson(queues, workers))}\n` : describeQueues(queues, workers));
        if (!isWatching) return;
        await delay(WATCH_MS);
      }
    },
    { isRedisNeeded: false },
  );
}

function toJson(queues: readonly TaskQueueStats[], workers: readonly TaskWorker[]) {
  return {
    queues: queues.map(({ name, ...counts }) => ({ queue_name: name, ...counts })),
    workers: workers.map((worker) => ({
      name: worker.name,
      state: worker.isBusy ? 'busy' : 'idle',
      queues: worker.queues,
      current_job_id: worker.currentTaskId,
      birth_date: worker.startedAt.toISOString(),
    })),
  };
}

/** As RQ's own script laid it out. */
export function describeQueues(queues: readonly TaskQueueStats[], workers: readonly TaskWorker[]): string {
  const names = queues.map(({ name }) => `  ✅ ${name}`);
  const numbers = queues.flatMap(({ name, ...counts }) => [
    '',
    `  ${name}:`,
    ...Object.entries(counts).map(([state, count]) => `    ${state}: ${count}`),
  ]);
  const processes = workers.flatMap(({ name, isBusy, queues: worked, currentTaskId }) => [
    `  ✅ ${name}`,
    `    state: ${isBusy ? 'busy' : 'idle'}`,
    `    queues: ${worked.join(', ')}`,
    ...(currentTaskId === null ? [] : [`    current job: ${currentTaskId}`]),
  ]);
  const lines = [
    '='.repeat(WIDTH),
    'Queues of tasks',
    '='.repeat(WIDTH),
    ...section('All queues', [`${queues.length} queues:`, ...names]),
    ...section('In numbers', numbers),
    ...section('Workers', [workers.length === 1 ? '1 worker:' : `${workers.length} workers:`, ...processes]),
  ];
  return `${lines.join('\n')}\n`;
}

function section(title: string, lines: readonly string[]): string[] {
  return ['', `${title}:`, '-'.repeat(WIDTH), ...lines];
}

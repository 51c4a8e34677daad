import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ask, startProgram } from '../lib/child-programs.ts';
import type { TaskInstallation } from './part.ts';

const PROGRAM = fileURLToPath(new URL('idle-worker-program.ts', import.meta.url));

/** Starts so many workers that can do tasks of the benchmark. @returns how they are stopped */
export async function startIdleWorkers(
  { servers, environment }: TaskInstallation,
  count: number,
): Promise<{ pids: number[]; stop(): Promise<void> }> {
  const workers: ChildProcess[] = Array.from({ length: count }, (_, index) =>
    startProgram(servers, `idle worker ${index + 1}`, PROGRAM),
  );
  await Promise.all(workers.map((worker) => ask(worker, environment)));
  return {
    pids: workers.map(({ pid }) => pid ?? 0),
    stop: async () => {
      await Promise.all(
        workers.map(async (worker) => {
          const ended = once(worker, 'exit');
          worker.send('stop');
          await ended;
        }),
      );
    },
  };
}

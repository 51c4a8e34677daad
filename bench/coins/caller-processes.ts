import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { identifyProcess } from '../../scripts/lib/processes.mjs';
import type { BenchServers } from '../lib/servers.ts';
import { type HoldMeasurement, together } from './measure-holds.ts';
import type { RowLock } from './row-lock-holds.ts';

/** What one process of callers has to do. */
export interface CallerTask {
  environment: Readonly<Record<string, string>>;
  accountId: string;
  callers: number;
  seconds: number;
  warmUpSeconds: number;
  /** Undefined: on the product's service. */
  rowLock: RowLock | undefined;
}

const PROGRAM = fileURLToPath(new URL('caller-process.ts', import.meta.url));
const TIMEOUT_MS = 300_000;

/** Measures `count` processes that do the same at the same time. */
export async function measureProcesses(
  servers: BenchServers,
  count: number,
  task: CallerTask,
): Promise<HoldMeasurement> {
  const children = Array.from({ length: count }, (_, index) => startCallers(servers, `callers ${index + 1}`));
  await Promise.all(
    children.map(async (child) => {
      child.send(task);
      await answerOf(child);
    }),
  );
  const measurements = children.map(async (child) => {
    child.send('go');
    return (await answerOf(child)) as HoldMeasurement;
  });
  return together(await Promise.all(measurements));
}

function startCallers(servers: BenchServers, name: string): ChildProcess {
  // 'advanced': amounts are bigints.
  const child = fork(PROGRAM, { serialization: 'advanced', stdio: ['ignore', 2, 2, 'ipc'] });
  const identity = identifyProcess(child.pid ?? 0) ?? { pid: child.pid ?? 0, started: 'gone' };
  servers.adopt({ name, identity, kill: () => void child.kill('SIGKILL') });
  return child;
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error('A process of callers ended before its answer.');
  });
  const [answer] = (await Promise.race([once(child, 'message', { signal }), ended])) as [unknown];
  return answer;
}

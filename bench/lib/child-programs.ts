import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { identifyProcess } from '../../scripts/lib/processes.mjs';
import type { BenchServers } from './servers.ts';

const TIMEOUT_MS = 300_000;

/** Starts a program of a benchmark as a process of its own, which ends with the run. It is talked to by messages. */
export function startProgram(servers: BenchServers, name: string, file: string): ChildProcess {
  // 'advanced': amounts are bigints.
  const child = fork(file, { serialization: 'advanced', stdio: ['ignore', 2, 2, 'ipc'] });
  const identity = identifyProcess(child.pid ?? 0) ?? { pid: child.pid ?? 0, started: 'gone' };
  servers.adopt({ name, identity, kill: () => void child.kill('SIGKILL') });
  return child;
}

/** The next message of a program. @throws if it ends before. */
export async function answerOf(child: ChildProcess): Promise<unknown> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error('A program of the benchmark ended before its answer.');
  });
  const [answer] = (await Promise.race([once(child, 'message', { signal }), ended])) as [unknown];
  return answer;
}

/** Sends a program a message and waits for its answer. */
export function ask(child: ChildProcess, message: object | string): Promise<unknown> {
  const answer = answerOf(child);
  child.send(message);
  return answer;
}

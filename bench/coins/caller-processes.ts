import { fileURLToPath } from 'node:url';
import { ask, startProgram } from '../lib/child-programs.ts';
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

/** Measures `count` processes that do the same at the same time. */
export async function measureProcesses(
  servers: BenchServers,
  count: number,
  task: CallerTask,
): Promise<HoldMeasurement> {
  const children = Array.from({ length: count }, (_, index) =>
    startProgram(servers, `callers ${index + 1}`, PROGRAM),
  );
  await Promise.all(children.map((child) => ask(child, task)));
  const measurements = children.map((child) => ask(child, 'go') as Promise<HoldMeasurement>);
  return together(await Promise.all(measurements));
}

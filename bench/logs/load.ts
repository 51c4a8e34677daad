import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { answerOf, ask, startProgram } from '../lib/child-programs.ts';
import { type CpuCosts, type Roles, watchCpu } from '../lib/cpu-costs.ts';
import { Samples } from '../lib/samples.ts';
import type { BenchServers } from '../lib/servers.ts';
import { setTimeout as delay } from 'node:timers/promises';

/** What the process of the load generator has to send. */
export interface LoadTask {
  /** Connections are spread over them. */
  urls: readonly string[];
  /** Whole HTTP requests, one after the other and then from the first. */
  requests: readonly Uint8Array[];
  connections: number;
  warmUpSeconds: number;
  seconds: number;
  /** Undefined: each connection sends when it was answered. Else at this rate, whether it was or not. */
  requestsPerSecond?: number;
  /** Ends after so many. */
  maxRequests?: number;
}

/** What it saw. */
export interface LoadReport {
  /** With a 2xx, from the first to the last. */
  answered: number;
  /** How often there was another answer, by its status. */
  refused: Map<number, number>;
  /** Of the answers with a 2xx after the warm-up. At a rate: from when the request was due. */
  latenciesMs: Float64Array;
  /** How long after the warm-up the last of those came. */
  seconds: number;
}

/** One measurement with all that was counted. */
export interface LoadMeasurement {
  perSecond: number;
  answered: number;
  refused: number;
  latencies: Samples;
  /** In the time after the warm-up, per request. */
  costs: CpuCosts;
}

const PROGRAM = fileURLToPath(new URL('load-process.ts', import.meta.url));

/** A load generator of its own process that has opened its connections, and sends when told so. */
export async function startLoad(servers: BenchServers, task: LoadTask): Promise<ChildProcess> {
  const child = startProgram(servers, 'load generator', PROGRAM);
  await ask(child, task);
  return child;
}

/** Has a load sent from its beginning to its end. @param roles whose processor time is taken beside the servers' */
export async function measureLoad(
  servers: BenchServers,
  roles: Roles,
  task: LoadTask,
): Promise<LoadMeasurement> {
  const child = await startLoad(servers, task);
  const ended = ask(child, 'go') as Promise<LoadReport>;
  await delay(task.warmUpSeconds * 1000);
  const cpu = watchCpu(servers, { ...roles, generator: [child.pid ?? 0] });
  const report = await ended;
  const costs = cpu();
  const count = report.latenciesMs.length;
  return {
    perSecond: count / report.seconds,
    answered: report.answered,
    refused: countOf(report.refused),
    latencies: samplesOf(report),
    costs: Object.fromEntries(Object.entries(costs).map(([role, ms]) => [role, ms / count])),
  };
}

/** Ends a load that would go on. @returns what it saw, once everything was answered */
export async function stopLoad(child: ChildProcess): Promise<LoadReport> {
  const report = answerOf(child);
  child.send('stop');
  return (await report) as LoadReport;
}

export function samplesOf({ latenciesMs }: LoadReport): Samples {
  const samples = new Samples();
  for (const latency of latenciesMs) samples.add(latency);
  return samples;
}

export function countOf(refused: ReadonlyMap<number, number>): number {
  return [...refused.values()].reduce((sum, count) => sum + count, 0);
}

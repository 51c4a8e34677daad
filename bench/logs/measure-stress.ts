import type { BenchServers } from '../lib/servers.ts';
import { DEVICES, preparedRequests } from './bench-lines.ts';
import { type LoadMeasurement, measureLoad } from './load.ts';
import type { LogInstallation } from './log-installation.ts';
import type { Times } from './measure-accept.ts';

/** The stress test of the system that this one follows: 100 devices with 100 lines each, in batches of 5. */
const LINES_A_DEVICE = 100;
export const STRESS_LINES = DEVICES * LINES_A_DEVICE;
export const STRESS_BATCH_LINES = 5;
export const STRESS_CONNECTIONS = 200;

/** What is watched beside the servers. */
interface Processes {
  urls: readonly string[];
  api: readonly number[];
  worker: readonly number[];
}

/** All lines of the stress test, as fast as they are answered. */
export function measureStress(
  { servers, apiKey }: LogInstallation,
  processes: Processes,
): Promise<LoadMeasurement> {
  return measure(servers, processes, {
    apiKey,
    warmUpSeconds: 0,
    seconds: 60,
    maxRequests: STRESS_LINES / STRESS_BATCH_LINES,
  });
}

/** The same requests at a rate, whether those before were answered or not. */
export function measureOffered(
  { servers, apiKey }: LogInstallation,
  processes: Processes,
  linesPerSecond: number,
  times: Times,
): Promise<LoadMeasurement> {
  return measure(servers, processes, {
    apiKey,
    ...times,
    requestsPerSecond: linesPerSecond / STRESS_BATCH_LINES,
  });
}

function measure(
  servers: BenchServers,
  { urls, api, worker }: Processes,
  task: Times & { apiKey: string; maxRequests?: number; requestsPerSecond?: number },
): Promise<LoadMeasurement> {
  const { apiKey, ...rest } = task;
  return measureLoad(
    servers,
    { api, worker },
    {
      urls,
      requests: preparedRequests(STRESS_BATCH_LINES, apiKey),
      connections: STRESS_CONNECTIONS,
      ...rest,
    },
  );
}

import { fileURLToPath } from 'node:url';
import type { Row } from '../lib/benchmark.ts';
import { ask, startProgram } from '../lib/child-programs.ts';
import { costCells } from '../lib/cpu-costs.ts';
import { round } from '../lib/report.ts';
import { preparedRequests } from './bench-lines.ts';
import { type LoadMeasurement, measureLoad } from './load.ts';
import { emptyQueue, type LogInstallation, startApis, stopAll } from './log-installation.ts';

export interface Times {
  seconds: number;
  warmUpSeconds: number;
}

/** How fast logs are taken in while nobody stores them. */
export interface AcceptMeasurement {
  apis: number;
  lines: number;
  load: LoadMeasurement;
}

/** So many lines a request; so many requests at a time. */
export const ACCEPT_SHAPES = [
  { lines: 1, connections: 64 },
  { lines: 100, connections: 16 },
  { lines: 1000, connections: 8 },
];

const EMPTY_ROUTE_PROGRAM = fileURLToPath(new URL('empty-route-process.ts', import.meta.url));

/** Sends requests of all shapes to so many API processes, one shape after the other. */
export async function measureAccept(
  installation: LogInstallation,
  apiCount: number,
  times: Times,
  report: (line: string) => void,
): Promise<AcceptMeasurement[]> {
  const apis = await startApis(installation, apiCount);
  const measurements: AcceptMeasurement[] = [];
  for (const { lines, connections } of ACCEPT_SHAPES) {
    report(`Accepting ${lines} a request, ${apiCount} API`);
    const load = await measureLoad(
      installation.servers,
      { api: apis.map(({ pid }) => pid) },
      {
        urls: apis.map(({ url }) => url),
        requests: preparedRequests(lines, installation.apiKey),
        connections: connections * apiCount,
        ...times,
      },
    );
    await emptyQueue(installation);
    measurements.push({ apis: apiCount, lines, load });
  }
  await stopAll(apis);
  return measurements;
}

/**
 * The floor below a single line: the same requests to a bare Fastify that reads their JSON and answers as much, without
 * asking who calls, logging or keeping anything.
 */
export async function measureEmptyRoute(
  { servers, apiKey }: LogInstallation,
  times: Times,
): Promise<LoadMeasurement> {
  const server = startProgram(servers, 'empty route', EMPTY_ROUTE_PROGRAM);
  const url = (await ask(server, 'listen')) as string;
  const load = await measureLoad(
    servers,
    { api: [server.pid ?? 0] },
    { urls: [url], requests: preparedRequests(1, apiKey), connections: 64, ...times },
  );
  server.kill();
  return load;
}

export function acceptRow(to: string, lines: number, load: LoadMeasurement): Row {
  const { perSecond, latencies, refused, costs } = load;
  return {
    to,
    lines_a_request: lines,
    requests_per_s: round(perSecond),
    lines_per_s: round(perSecond * lines),
    p50_ms: round(latencies.percentile(50)),
    p95_ms: round(latencies.percentile(95)),
    p99_ms: round(latencies.percentile(99)),
    refused,
    ...costCells([costs]),
  };
}

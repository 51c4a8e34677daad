import { setTimeout as delay } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { type CpuCosts, costsOfOne, watchCpu } from '../lib/cpu-costs.ts';
import { ProcessMeter } from '../lib/process-meter.ts';
import type { ProductProcess } from '../lib/product.ts';
import type { Samples } from '../lib/samples.ts';
import { preparedRequests } from './bench-lines.ts';
import { countOf, samplesOf, startLoad, stopLoad } from './load.ts';
import {
  type ApiProcess,
  countStored,
  drainQueue,
  type LogInstallation,
  readQueue,
} from './log-installation.ts';
import type { Times } from './measure-accept.ts';

/** Lines from their sending until they are committed, with all that was counted. */
export interface PipelineMeasurement {
  /** Stored, within the time that was measured. */
  linesPerSecond: number;
  latencies: Samples;
  refused: number;
  costs: CpuCosts;
  /** How many lines waited when the measurement began and ended. */
  backlog: [number, number];
  /** Mean memory of the writers' process at the start, in the middle and at the end, in MiB. */
  writerMib: [number, number, number];
  books: PipelineBooks;
}

/** What became of the lines that were answered with a 2xx, once nothing waited any more. */
export interface PipelineBooks {
  answered: number;
  accepted: number;
  stored: number;
  quarantined: number;
  pending: number;
  rows: number;
  distinctRows: number;
  isClosed: boolean;
}

const LINES_A_REQUEST = 100;
const CONNECTIONS = 16;
/**
 * The generator pauses while more lines wait than this: enough for the writers' next batches, so that they never want
 * for work, and no backlog is stored after the measurement that was accepted within it.
 */
const BACKLOG_LIMIT = 40_000;
const CHECK_INTERVAL_MS = 10;
const MEMORY_INTERVAL_MS = 200;
/** Memory is taken as the mean of this part of the time, as V8 collects garbage at its own pace. */
const MEMORY_PART = 0.1;
/** Far longer than any measurement: the load is ended when the time is up. */
const WITHOUT_END_SECONDS = 3_600;

/** Sends as many lines as are stored, for so long. */
export async function measurePipeline(
  installation: LogInstallation,
  apis: readonly ApiProcess[],
  worker: ProductProcess,
  { seconds, warmUpSeconds }: Times,
): Promise<PipelineMeasurement> {
  const load = await startLoad(installation.servers, {
    urls: apis.map(({ url }) => url),
    requests: preparedRequests(LINES_A_REQUEST, installation.apiKey),
    connections: CONNECTIONS,
    warmUpSeconds,
    seconds: WITHOUT_END_SECONDS,
  });
  load.send('go');
  const throttle = throttleBy(installation, (message) => load.send(message));
  await delay(warmUpSeconds * 1000);
  const backlogBefore = (await readQueue(installation)).waitingLines;
  const before = await countStored(installation);
  const memory = watchMemory(worker.pid);
  const cpu = watchCpu(installation.servers, {
    api: apis.map(({ pid }) => pid),
    worker: [worker.pid],
    generator: [load.pid ?? 0],
  });
  const startedAt = performance.now();
  await delay(seconds * 1000);
  const stored = (await countStored(installation)) - before;
  const costs = cpu();
  const tookSeconds = (performance.now() - startedAt) / 1000;
  const backlogAfter = (await readQueue(installation)).waitingLines;
  const writerMib = memory();
  await throttle.stop();
  const report = await stopLoad(load);
  await drainQueue(installation);
  return {
    linesPerSecond: stored / tookSeconds,
    latencies: samplesOf(report),
    refused: countOf(report.refused),
    costs: costsOfOne(costs, stored),
    backlog: [backlogBefore, backlogAfter],
    writerMib,
    books: await readBooks(installation, report.answered * LINES_A_REQUEST),
  };
}

function throttleBy(installation: LogInstallation, send: (message: 'pause' | 'resume') => void) {
  let isStopped = false;
  const run = async () => {
    for (let isHeld = false; !isStopped;) {
      const { waitingLines } = await readQueue(installation);
      if (waitingLines > BACKLOG_LIMIT !== isHeld) {
        isHeld = !isHeld;
        send(isHeld ? 'pause' : 'resume');
      }
      await delay(CHECK_INTERVAL_MS);
    }
  };
  const running = run();
  return {
    stop: () => {
      isStopped = true;
      return running;
    },
  };
}

/** @returns what tells, at the end, how much memory there was at the start, in the middle and at the end */
function watchMemory(pid: number): () => [number, number, number] {
  const meter = new ProcessMeter(new Map([['worker', pid]]));
  const samples: number[] = [];
  const sample = () => samples.push(meter.read().get('worker')?.rssMib ?? Number.NaN);
  sample();
  const timer = setInterval(sample, MEMORY_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    meter.stop();
    sample();
    const width = Math.max(1, Math.round(samples.length * MEMORY_PART));
    const meanFrom = (start: number) => {
      const part = samples.slice(start, start + width);
      return part.reduce((sum, value) => sum + value, 0) / part.length;
    };
    return [meanFrom(0), meanFrom((samples.length - width) >> 1), meanFrom(samples.length - width)];
  };
}

async function readBooks(installation: LogInstallation, answered: number): Promise<PipelineBooks> {
  const { report, agrees } = await installation.services.logAccounting.check();
  const [[row]] = await installation.database.query<RowDataPacket[]>(
    'SELECT COUNT(*) AS n, COUNT(DISTINCT id) AS ids FROM logs',
  );
  return {
    answered,
    accepted: report.acceptedLines,
    stored: report.storedLines,
    quarantined: report.quarantinedLines,
    pending: report.pendingLines,
    rows: Number(row?.['n']),
    distinctRows: Number(row?.['ids']),
    isClosed: agrees,
  };
}

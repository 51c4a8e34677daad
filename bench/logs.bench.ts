import type { BenchContext, Benchmark, BenchResult, Row } from './lib/benchmark.ts';
import { costCells } from './lib/cpu-costs.ts';
import { atLeast, atMost, type Goal } from './lib/goals.ts';
import type { ProductProcess } from './lib/product.ts';
import { round } from './lib/report.ts';
import { median } from './lib/samples.ts';
import { settleDatabase } from './lib/settle-database.ts';
import { STRESS_BATCH_LINES, STRESS_CONNECTIONS, STRESS_LINES } from './logs/measure-stress.ts';
import { measureOffered, measureStress } from './logs/measure-stress.ts';
import type { LoadMeasurement } from './logs/load.ts';
import {
  type ApiProcess,
  drainQueue,
  emptyTable,
  type LogInstallation,
  startApis,
  startLogs,
  stopAll,
} from './logs/log-installation.ts';
import {
  type AcceptMeasurement,
  acceptRow,
  measureAccept,
  measureEmptyRoute,
  type Times,
} from './logs/measure-accept.ts';
import { measurePipeline, type PipelineMeasurement } from './logs/measure-pipeline.ts';
import { measureQueries, type QueryMeasurement } from './logs/measure-queries.ts';
import { measureRaw, type RawMeasurement } from './logs/raw-inserts.ts';

/** What the first system was to take. */
const OFFERED_LINES_PER_SECOND = 10_000;
/** As many as the cores can serve beside the load generator, the writers and the servers. */
const PIPELINE_APIS = 1;
const ROWS = 5_000_000;

const benchmark: Benchmark = {
  name: 'logs',
  description: 'logs: accepting, storing against raw inserts, books, stress test, queries, tail',
  run: runLogs,
};
export default benchmark;

/** How long everything lasts. */
interface Plan {
  raw: number;
  accept: Times;
  pipeline: Times;
  offered: Times;
  apis: readonly number[];
  rows: number;
  reads: number;
  tailedLines: number;
}

function planOf({ settings: { isQuick, seconds, rows } }: BenchContext): Plan {
  if (isQuick) {
    const times = { seconds: seconds ?? 1.5, warmUpSeconds: 0.5 };
    return {
      raw: times.seconds,
      accept: times,
      pipeline: times,
      offered: times,
      apis: [1],
      rows: rows ?? 50_000,
      reads: 30,
      tailedLines: 3,
    };
  }
  const timesOf = (usual: number) => ({ seconds: seconds ?? usual, warmUpSeconds: 2 });
  return {
    raw: seconds ?? 10,
    accept: timesOf(8),
    pipeline: { ...timesOf(30), warmUpSeconds: 5 },
    offered: timesOf(15),
    apis: [1, 2],
    rows: rows ?? ROWS,
    reads: 300,
    tailedLines: 30,
  };
}

async function runLogs(context: BenchContext): Promise<BenchResult> {
  const { report } = context;
  const plan = planOf(context);
  const installation = await startLogs(context);
  report('A bare route');
  const emptyRoute = await measureEmptyRoute(installation, plan.accept);
  const accepts: AcceptMeasurement[] = [];
  for (const apis of plan.apis) {
    accepts.push(...(await measureAccept(installation, apis, plan.accept, report)));
  }
  const raws = [await insertRaw(installation, plan, report)];
  const [apis, worker] = await Promise.all([
    startApis(installation, PIPELINE_APIS),
    installation.product.startWorker(),
  ]);
  report(`From sending to storing, ${plan.pipeline.seconds} s`);
  const pipeline = await measurePipeline(installation, apis, worker, plan.pipeline);
  // What is offered next is not to wait for the disk to catch up with this.
  await drainQueue(installation);
  await settleDatabase(installation.database);
  const loads = await measureLoads(installation, plan, apis, worker, report);
  await drainQueue(installation);
  raws.push(await insertRaw(installation, plan, report));
  const [{ url }] = apis as [ApiProcess];
  const queries = await measureQueries(installation, url, plan.rows, plan, report);
  await stopAll([...apis, worker]);
  await installation.stop();
  return {
    tables: [
      { title: 'Raw inserts, 4 connections, per row', rows: raws.map(rawRow) },
      {
        title: 'Accepting while nobody stores, per request',
        rows: [
          acceptRow('bare Fastify', 1, emptyRoute),
          ...accepts.map(({ apis, lines, load }) => acceptRow(`${apis} API`, lines, load)),
        ],
      },
      { title: 'From sending to storing, per line', rows: [pipelineRow(pipeline)] },
      { title: 'Books when nothing waits', rows: [{ ...pipeline.books }] },
      { title: 'Memory of the writers', rows: [memoryRow(pipeline)] },
      { title: `Batches of ${STRESS_BATCH_LINES}, ${STRESS_CONNECTIONS} connections`, rows: loads.rows },
      { title: `Queries on ${queries.rows} lines`, rows: queries.table },
    ],
    goals: goals({ raws, accepts, pipeline, offered: loads.offered, queries }),
  };
}

/** Into the table as the writers find it. */
async function insertRaw(
  installation: LogInstallation,
  plan: Plan,
  report: (line: string) => void,
): Promise<RawMeasurement> {
  report('Raw inserts');
  await emptyTable(installation);
  const measurement = await measureRaw(installation, plan.raw);
  await emptyTable(installation);
  return measurement;
}

/** The seed's stress test, and its load at a rate. */
async function measureLoads(
  installation: LogInstallation,
  { offered: times }: Plan,
  apis: readonly ApiProcess[],
  worker: ProductProcess,
  report: (line: string) => void,
): Promise<{ rows: Row[]; offered: LoadMeasurement }> {
  const processes = {
    urls: apis.map(({ url }) => url),
    api: apis.map(({ pid }) => pid),
    worker: [worker.pid],
  };
  report('Stress test');
  const stress = await measureStress(installation, processes);
  report(`${OFFERED_LINES_PER_SECOND} lines a second offered`);
  const offered = await measureOffered(installation, processes, OFFERED_LINES_PER_SECOND, times);
  return {
    rows: [
      acceptRow(`stress test of ${STRESS_LINES} lines`, STRESS_BATCH_LINES, stress),
      acceptRow(`${OFFERED_LINES_PER_SECOND} lines/s offered`, STRESS_BATCH_LINES, offered),
    ],
    offered,
  };
}

function rawRow({ rowsPerSecond, costs }: RawMeasurement, index: number): Row {
  return {
    measured: index === 0 ? 'before' : 'after',
    rows_per_s: round(rowsPerSecond),
    ...costCells([costs]),
  };
}

function pipelineRow({ linesPerSecond, latencies, refused, backlog, costs }: PipelineMeasurement): Row {
  return {
    apis: PIPELINE_APIS,
    workers: 1,
    lines_per_s: round(linesPerSecond),
    accept_p50_ms: round(latencies.percentile(50)),
    accept_p95_ms: round(latencies.percentile(95)),
    refused,
    backlog: backlog.join('→'),
    ...costCells([costs]),
  };
}

function memoryRow({ writerMib: [start, middle, end] }: PipelineMeasurement): Row {
  return { start_mib: round(start), middle_mib: round(middle), end_mib: round(end) };
}

interface Measured {
  raws: readonly RawMeasurement[];
  accepts: readonly AcceptMeasurement[];
  pipeline: PipelineMeasurement;
  offered: LoadMeasurement;
  queries: QueryMeasurement;
}

/** docs/benchmarks.md tells where the limits come from. */
function goals({ raws, accepts, pipeline, offered, queries }: Measured): Goal[] {
  const { books, linesPerSecond, writerMib } = pipeline;
  const raw = median(raws.map(({ rowsPerSecond }) => rowsPerSecond));
  const best = (lines: number) =>
    Math.max(...accepts.filter((accept) => accept.lines === lines).map(({ load }) => load.perSecond));
  const refused = accepts.reduce((sum, { load }) => sum + load.refused, pipeline.refused + offered.refused);
  const unaccounted =
    Math.abs(books.accepted - books.stored - books.quarantined - books.pending) + (books.isClosed ? 0 : 1);
  return [
    atMost(0, 'requests', 'requests that were refused', refused),
    atMost(0, 'lines', 'lines answered and not stored, or stored twice', lostOrDoubled(pipeline)),
    atMost(0, 'lines', 'lines that the books do not account for', unaccounted),
    atMost(0, 'lines', 'lines in quarantine or still waiting', books.quarantined + books.pending),
    atLeast(0.5, 'x', 'stored end to end over raw inserts', linesPerSecond / raw),
    atLeast(30_000, 'lines/s', 'stored end to end', linesPerSecond),
    atLeast(8_000, 'requests/s', 'accepted, one line a request', best(1)),
    atLeast(100_000, 'lines/s', 'accepted, 100 lines a request', 100 * best(100)),
    atMost(100, 'ms', `p95 at ${OFFERED_LINES_PER_SECOND} lines/s offered`, offered.latencies.percentile(95)),
    atMost(10, 'ms', 'page of a device, uncached, p95', queries.devicePages.percentile(95)),
    atMost(1.15, 'x', 'memory of the writers, end over middle', writerMib[2] / writerMib[1]),
  ];
}

/** A line that was answered is a row, and a row a line that was answered. */
function lostOrDoubled({ books: { answered, stored, rows, distinctRows } }: PipelineMeasurement): number {
  return Math.abs(answered - stored) + Math.abs(stored - rows) + (rows - distinctRows);
}

import type { BenchContext, Benchmark, BenchResult, Row } from './lib/benchmark.ts';
import { atLeast, atMost, type Goal } from './lib/goals.ts';
import { round } from './lib/report.ts';
import type { Samples } from './lib/samples.ts';
import { createUsers } from './lib/users.ts';
import {
  CALLERS,
  compareDirectSaves,
  type DirectComparison,
  HOT_CONVERSATIONS,
} from './saves/compare-direct-saves.ts';
import type { Times } from './saves/job-ceiling.ts';
import { type LockErrors, lockErrorsSince, readLockErrors } from './saves/lock-errors.ts';
import { measurePages, PAGE_MESSAGES, type PageMeasurement } from './saves/measure-pages.ts';
import { measureResumes, RUNNING_TURNS } from './saves/measure-resumes.ts';
import { startWorkers } from './saves/measure-saves.ts';
import { measureThroughput, type Throughput } from './saves/measure-throughput.ts';
import { type SaveInstallation, startSaves } from './saves/save-installation.ts';

/** How long the model takes: a fiftieth of 20 s, as the lock wait is a fiftieth of InnoDB's own; a short one; none. */
const ANSWERS_MS = [400, 50, 0];
/** Enough for any run. */
const MICRO_COINS = 1_000_000_000_000n;

const benchmark: Benchmark = {
  name: 'saves',
  description:
    'background saves against plain jobs and row locks: turns/s, lag, lock errors, pages, resumed streams',
  run: runSaves,
};
export default benchmark;

/** What all measurements share. */
interface Bench {
  context: BenchContext;
  installation: SaveInstallation;
  times: Times;
  rounds: number;
}

async function runSaves(context: BenchContext): Promise<BenchResult> {
  const { isQuick, seconds } = context.settings;
  const installation = await startSaves(context);
  const times = { seconds: seconds ?? (isQuick ? 1.5 : 6), warmUpSeconds: isQuick ? 0.5 : 2 };
  const bench = { context, installation, times, rounds: isQuick ? 1 : 3 };
  const before = await readLockErrors(installation.database);
  const throughputs: Throughput[] = [];
  for (const workers of isQuick ? [2] : [1, 2]) {
    throughputs.push(await measureThroughput(installation, workers, times, bench.rounds, context.report));
  }
  const locks = await lockErrorsSince(installation.database, before);
  const direct = await compareDirect(bench);
  const { pages, resumes } = await measureReading(bench);
  await installation.stop();
  return {
    tables: [
      { title: 'Turns saved against jobs that do nothing', rows: throughputs.map(({ row }) => row) },
      { title: 'From finish to save at half that load', rows: throughputs.map(({ lagRow }) => lagRow) },
      { title: 'Processor time of one', rows: throughputs.flatMap(({ costRows }) => costRows) },
      { title: `${CALLERS} callers on ${HOT_CONVERSATIONS} conversations`, rows: direct.rows },
      { title: `A long conversation and a short one, pages of ${PAGE_MESSAGES}`, rows: pages.rows },
      { title: `A stream resumed in another process, ${RUNNING_TURNS} running`, rows: [resumeRow(resumes)] },
      { title: 'Errors', rows: errorRows(throughputs, direct) },
    ].filter(({ rows }) => rows.length > 0),
    goals: [...saveGoals(throughputs, direct, [locks, direct.lockErrors]), ...readGoals(pages, resumes)],
  };
}

function compareDirect({ context, installation, times, rounds }: Bench): Promise<DirectComparison> {
  const answersMs = context.settings.isQuick ? ANSWERS_MS.slice(0, 1) : ANSWERS_MS;
  // Long enough for waits to run out.
  const longer = { ...times, seconds: Math.max(times.seconds, 2) };
  return compareDirectSaves(installation, answersMs, longer, Math.min(rounds, 2), context.report);
}

/** What is read over HTTP, from two API processes. */
async function measureReading({
  context,
  installation,
}: Bench): Promise<{ pages: PageMeasurement; resumes: Samples }> {
  const { isQuick } = context.settings;
  context.report('Starting two API processes and a worker');
  const [user] = await createUsers(installation.environment, 1, MICRO_COINS);
  if (!user) throw new Error('There is one user.');
  const [first, second, workers] = await Promise.all([
    installation.product.startApi('API'),
    installation.product.startApi('API 2'),
    startWorkers(installation, 1),
  ]);
  context.report('Pages of a short and a long conversation');
  const pages = await measurePages(
    installation,
    first.url,
    user,
    [100, isQuick ? 10_000 : 100_000],
    isQuick ? { reads: 30, saves: 10 } : { reads: 300, saves: 100 },
  );
  context.report(`Resuming ${RUNNING_TURNS} streams`);
  const resumes = await measureResumes(first.url, second.url, user, isQuick ? 1 : 6);
  await Promise.all([first, second, ...workers].map((process) => process.stop()));
  return { pages, resumes };
}

function resumeRow(resumes: Samples): Row {
  return {
    resumed: resumes.count,
    first_byte_p50_ms: round(resumes.percentile(50)),
    first_byte_p95_ms: round(resumes.percentile(95)),
    first_byte_p99_ms: round(resumes.percentile(99)),
  };
}

function errorRows(throughputs: readonly Throughput[], direct: DirectComparison): Row[] {
  const times = new Map(direct.errors);
  for (const error of throughputs.flatMap(({ errors }) => errors)) {
    times.set(error, (times.get(error) ?? 0) + 1);
  }
  return [...times].map(([error, count]) => ({ times: count, error }));
}

/** docs/benchmarks.md tells where the limits come from. */
function saveGoals(
  throughputs: readonly Throughput[],
  direct: DirectComparison,
  locks: readonly LockErrors[],
): Goal[] {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const failed = direct.failed + sum(throughputs.map(({ errors }) => errors.length));
  const lost = direct.lost + sum(throughputs.map((throughput) => throughput.lost));
  const disordered = sum(throughputs.map((throughput) => throughput.disordered));
  const lockErrors = sum(locks.map(({ deadlocks, timeouts, rollbacks }) => deadlocks + timeouts + rollbacks));
  return [
    atMost(0, 'turns', 'turns that failed', failed),
    atMost(0, 'turns', 'turns finished and not saved', lost),
    atMost(0, 'turns', 'turns saved out of order', disordered),
    atMost(0, 'errors', 'deadlocks, lock timeouts and rollbacks of ours', lockErrors),
    ...throughputs.flatMap(({ workers, ratio, latencies }) => [
      atLeast(0.7, 'x', `turns over jobs that do nothing, ${nameWorkers(workers)}`, ratio),
      atMost(
        250,
        'ms',
        `finish to save at half load, p95, ${nameWorkers(workers)}`,
        latencies.percentile(95),
      ),
    ]),
  ];
}

function readGoals({ ratios }: PageMeasurement, resumes: Samples): Goal[] {
  return [
    ...[...ratios].map(([what, ratio]) =>
      atMost(1.3, 'x', `${what}: long conversation over short, p50`, ratio),
    ),
    atMost(50, 'ms', 'first byte of a resumed stream, p50', resumes.percentile(50)),
    atMost(50, 'ms', 'first byte of a resumed stream, p95', resumes.percentile(95)),
  ];
}

function nameWorkers(workers: number): string {
  return workers === 1 ? '1 worker' : `${workers} workers`;
}

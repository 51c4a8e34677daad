import { loadavg } from 'node:os';
import { measureProcesses } from './coins/caller-processes.ts';
import { type Compared, compareWriters, toRow, type Variant } from './coins/compare-writers.ts';
import { type HoldWriter, serviceHolds } from './coins/hold-writer.ts';
import { checkLedger, type LedgerChecks } from './coins/ledger-checks.ts';
import { type LedgerInstallation, startLedger } from './coins/ledger-installation.ts';
import { measureHolds } from './coins/measure-holds.ts';
import { openRowLockHolds, type RowLock } from './coins/row-lock-holds.ts';
import { zipf } from './coins/zipf.ts';
import type { BenchContext, Benchmark, BenchResult, Row } from './lib/benchmark.ts';
import { atLeast, atMost, type Goal } from './lib/goals.ts';
import { type MachineUse, readMachine } from './lib/process-meter.ts';
import { round } from './lib/report.ts';
import { median, Samples } from './lib/samples.ts';

/** As many as the service's pool has. */
const POOL_CONNECTIONS = 20;
/** So many that more callers than in the pool wait in the database rather than in the process. */
const MANY_CONNECTIONS = 64;
const CLASSIC: RowLock = { clause: 'FOR UPDATE', connections: POOL_CONNECTIONS, backoffMs: [] };
const SKIP_LOCKED: RowLock = {
  clause: 'FOR UPDATE SKIP LOCKED',
  connections: POOL_CONNECTIONS,
  backoffMs: [300, 600, 1200, 2400],
};
const OURS = 'ours';
const ONE_ACCOUNT = 'one account';

/** At how many callers on one account there are goals. */
const GOAL_CALLERS = 256;

const benchmark: Benchmark = {
  name: 'coins',
  description: 'coin holds on one account and on many, against plain row locks: holds/s, latency, fairness',
  run: runCoins,
};
export default benchmark;

/** A way to hold coins, with what another process needs to do the same. */
interface Way {
  name: string;
  rowLock: RowLock | undefined;
  writer: HoldWriter;
  /** Its own, so that the checks at the end show whose account is wrong. */
  hotAccountId: string;
}

/** What all measurements share. */
interface Bench {
  context: BenchContext;
  ledger: LedgerInstallation;
  ways: readonly Way[];
  times: { seconds: number; warmUpSeconds: number };
  rounds: number;
}

async function runCoins(context: BenchContext): Promise<BenchResult> {
  const { isQuick, seconds } = context.settings;
  const ledger = await startLedger(context);
  const machineBefore = readMachine();
  const bench: Bench = {
    context,
    ledger,
    ways: await openWays(ledger),
    times: { seconds: seconds ?? (isQuick ? 1 : 4), warmUpSeconds: isQuick ? 0.3 : 1 },
    rounds: isQuick ? 1 : 3,
  };
  const compared = await compareOneAccount(bench);
  compared.push(...(await compareManyAccounts(bench)));
  compared.push(...(await compareTwoProcesses(bench)));
  const fairness = await measureFairness(bench);
  context.report('Checking the ledger');
  const hotAccountIds = bench.ways.map(({ hotAccountId }) => hotAccountId);
  const checks = await checkLedger(ledger.database, ledger.frozen, hotAccountIds);
  const machine = machineRow(machineBefore);
  await Promise.all(bench.ways.map(({ writer }) => writer.close()));
  await ledger.stop();
  return {
    tables: [
      { title: 'Holds', rows: compared.map(toRow) },
      { title: `A cold account beside one with ${GOAL_CALLERS} callers`, rows: fairness.rows },
      { title: 'Checks', rows: [{ ...checks }] },
      { title: 'Machine', rows: [machine] },
      { title: 'Errors', rows: compared.flatMap(errorRows) },
    ].filter(({ rows }) => rows.length > 0),
    goals: goals(compared, fairness.ratio, checks),
  };
}

async function openWays(ledger: LedgerInstallation): Promise<Way[]> {
  const hotAccountIds = await ledger.createAccounts(4);
  const rowLocks: [string, RowLock | undefined][] = [
    ['classic', CLASSIC],
    [`classic, ${MANY_CONNECTIONS} connections`, { ...CLASSIC, connections: MANY_CONNECTIONS }],
    ['skip locked', SKIP_LOCKED],
    [OURS, undefined],
  ];
  return Promise.all(
    rowLocks.map(async ([name, rowLock], index) => ({
      name,
      rowLock,
      writer: rowLock ? await openRowLockHolds(ledger.databaseUrl, rowLock) : serviceHolds(ledger.services),
      hotAccountId: hotAccountIds[index] ?? '',
    })),
  );
}

/** More connections than callers measure nothing new. */
function waysFor({ ways }: Bench, callers: number): Way[] {
  return ways.filter(
    ({ rowLock }) => rowLock?.connections !== MANY_CONNECTIONS || callers > POOL_CONNECTIONS,
  );
}

async function compareOneAccount(bench: Bench): Promise<Compared[]> {
  const compared: Compared[] = [];
  const levels = bench.context.settings.isQuick ? [1, GOAL_CALLERS] : [1, 16, 64, GOAL_CALLERS, 1024];
  for (const callers of levels) {
    const variants = waysFor(bench, callers).map((way) =>
      measuredHere(bench, way, ONE_ACCOUNT, callers, () => way.hotAccountId),
    );
    compared.push(...(await compareWriters(ONE_ACCOUNT, callers, variants, bench.rounds)));
  }
  return compared;
}

async function compareManyAccounts(bench: Bench): Promise<Compared[]> {
  const count = bench.context.settings.isQuick ? 1_000 : 10_000;
  const scenario = `${count} accounts, Zipf`;
  bench.context.report(`Making ${count} accounts`);
  const nextAccountId = zipf(await bench.ledger.createAccounts(count));
  const variants = waysFor(bench, GOAL_CALLERS).map((way) =>
    measuredHere(bench, way, scenario, GOAL_CALLERS, nextAccountId),
  );
  return compareWriters(scenario, GOAL_CALLERS, variants, bench.rounds);
}

function measuredHere(
  { context, ledger, times }: Bench,
  { name, rowLock, writer }: Way,
  scenario: string,
  callers: number,
  nextAccountId: () => string,
): Variant {
  return {
    name,
    isClassic: rowLock?.clause === 'FOR UPDATE',
    measure: async () => {
      context.report(`${scenario}, ${callers} callers: ${name}`);
      const measurement = await measureHolds(writer, { callers, ...times, nextAccountId });
      ledger.book(measurement);
      return measurement;
    },
  };
}

async function compareTwoProcesses(bench: Bench): Promise<Compared[]> {
  const { context, ledger, times, rounds } = bench;
  const scenario = 'one account, 2 processes';
  const variants = waysFor(bench, GOAL_CALLERS).map(({ name, rowLock, hotAccountId }): Variant => ({
    name,
    isClassic: rowLock?.clause === 'FOR UPDATE',
    measure: async () => {
      context.report(`${scenario}, ${GOAL_CALLERS} callers: ${name}`);
      const measurement = await measureProcesses(ledger.servers, 2, {
        environment: ledger.environment,
        accountId: hotAccountId,
        callers: GOAL_CALLERS / 2,
        ...times,
        rowLock,
      });
      ledger.book(measurement);
      return measurement;
    },
  }));
  return compareWriters(scenario, GOAL_CALLERS, variants, rounds);
}

/** What one caller on a cold account feels of a hot one in the same process. */
async function measureFairness({ context, ledger, ways, times, rounds }: Bench) {
  const writer = serviceHolds(ledger.services);
  const [coldAccountId = ''] = await ledger.createAccounts(1);
  const hotAccountId = ways.find(({ name }) => name === OURS)?.hotAccountId ?? '';
  const latencies = { alone: new Samples(), 'beside the hot one': new Samples() };
  const measure = async (accountId: string, callers: number) => {
    const measurement = await measureHolds(writer, { callers, ...times, nextAccountId: () => accountId });
    ledger.book(measurement);
    return measurement;
  };
  const medianOf = (name: keyof typeof latencies, values: readonly number[]) => {
    for (const value of values) latencies[name].add(value);
    return median(values);
  };
  const ratios: number[] = [];
  for (let number = 0; number < rounds; number++) {
    context.report(`Fairness, round ${number + 1}`);
    const alone = await measure(coldAccountId, 1);
    const [beside] = await Promise.all([measure(coldAccountId, 1), measure(hotAccountId, GOAL_CALLERS)]);
    ratios.push(medianOf('beside the hot one', beside.latenciesMs) / medianOf('alone', alone.latenciesMs));
  }
  const ratio = median(ratios);
  const rows = Object.entries(latencies).map(([cold_account, samples]) => ({
    cold_account,
    p50_ms: round(samples.percentile(50)),
    p99_ms: round(samples.percentile(99)),
    p50_ratio: cold_account === 'alone' ? 1 : round(ratio),
  }));
  return { rows, ratio };
}

function machineRow(before: MachineUse): Row {
  const now = readMachine();
  const [minute = Number.NaN, fiveMinutes = Number.NaN] = loadavg();
  return {
    load_average_1_min: round(minute),
    load_average_5_min: round(fiveMinutes),
    busy_s: round(now.busySeconds - before.busySeconds),
    stolen_s: round(now.stolenSeconds - before.stolenSeconds),
  };
}

function errorRows({ scenario, callers, variant, errors }: Compared): Row[] {
  const times = new Map<string, number>();
  for (const [text, count] of errors) times.set(text, (times.get(text) ?? 0) + count);
  return [...times].map(([error, count]) => ({ scenario, callers, variant, times: count, error }));
}

/** docs/benchmarks.md tells where the limits come from. */
function goals(compared: readonly Compared[], fairness: number, checks: LedgerChecks): Goal[] {
  const find = (wanted: number) =>
    compared.find((row) => row.scenario === ONE_ACCOUNT && row.variant === OURS && row.callers === wanted);
  const hot = find(GOAL_CALLERS);
  const failed = compared.filter(({ variant }) => variant === OURS).reduce((sum, row) => sum + row.failed, 0);
  const broken = Object.values(checks as unknown as Record<string, number>).reduce(
    (sum, rows) => sum + rows,
    0,
  );
  const atHot = `on one account, ${GOAL_CALLERS} callers`;
  return [
    atMost(0, 'holds', 'holds of ours that failed', failed),
    atMost(0, 'rows', 'answers, balances, holds and journals that do not agree', broken),
    atLeast(6, 'x', `ours over the best classic ${atHot}`, hot?.ratio ?? Number.NaN),
    atLeast(12_000, 'holds/s', `ours ${atHot}`, hot?.holdsPerSecond ?? Number.NaN),
    atMost(100, 'ms', `p99 of ours ${atHot}`, hot?.latencies.percentile(99) ?? Number.NaN),
    atLeast(0.95, 'x', 'ours over the best classic, one caller', find(1)?.ratio ?? Number.NaN),
    atMost(2, 'x', 'p50 of a cold account beside a hot one over alone', fairness),
  ];
}

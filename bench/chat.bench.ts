import type { BenchContext, Benchmark, BenchResult, Row } from './lib/benchmark.ts';
import { type ChatInstallation, startInstallation } from './chat/installation.ts';
import { type Measurement, measureTurns, type Scenario } from './chat/measure-turns.ts';
import { checkTurns, type TurnChecks } from './chat/turn-checks.ts';
import { TurnLog } from './chat/turn-log.ts';
import { compare } from './lib/compare.ts';
import { atMost, type Goal } from './lib/goals.ts';
import { type MachineUse, type ProcessMeter, readMachine } from './lib/process-meter.ts';
import { round } from './lib/report.ts';

const TOKENS = 50;
/** A model that answers as fast as it is read: what is measured is all ours. */
const INSTANT = { name: 'instant', model: `local:tokens=${TOKENS}`, providerFirstTokenMs: 0 };
/** A model of an ordinary pace: its first token after 220 ms, then one each 20 ms. */
const PACED = {
  name: 'paced',
  model: `local:tokens=${TOKENS},first_delay_ms=200,delay_ms=20`,
  providerFirstTokenMs: 220,
};

/** At how many streams there are goals. */
const GOAL_STREAMS = 64;
const COMPARED_STREAMS = 64;
const MANY_USERS = 'many users';

const benchmark: Benchmark = {
  name: 'chat',
  description: 'streamed chat turns: turns/s, our part of the first-byte latency, save lag, memory',
  run: runChat,
};
export default benchmark;

async function runChat(context: BenchContext): Promise<BenchResult> {
  const installation = await startInstallation(context);
  const log = new TurnLog();
  const idle = installation.meter.read();
  const machineBefore = readMachine();
  const measurements: Measurement[] = [];
  for (const scenario of scenarios(context)) {
    context.report(`${scenario.name}, ${scenario.streams} streams`);
    measurements.push(await measureTurns(installation, scenario, log));
  }
  const hot = await compareHotUser(context, installation, log);
  measurements.push(...hot.measurements);
  context.report('Checking what was saved');
  await installation.waitForSaves(log.count);
  const expected = { completionTokens: TOKENS, messages: 2 };
  const checks = await checkTurns(installation.database, log, expected, installation.grantedMicroCoins);
  const processes = processRows(installation, idle, machineBefore);
  await installation.stop();
  return {
    tables: [
      { title: 'Turns', rows: measurements.map((measurement) => measurement.row) },
      { title: 'What a turn costs', rows: measurements.map((measurement) => measurement.costRow) },
      { title: `One user against many, ${COMPARED_STREAMS} streams`, rows: hot.rows },
      { title: 'Processes', rows: processes },
      { title: `Checks of ${log.count} turns`, rows: [{ ...checks }] },
      { title: 'Errors', rows: errorRows(measurements) },
    ].filter(({ rows }) => rows.length > 0),
    goals: goals(measurements, checks, installation.meter.peakRssMib('API')),
  };
}

/** Memory and CPU time of each process, and what the machine did meanwhile that was not ours. */
function processRows(
  { meter }: ChatInstallation,
  idle: ReturnType<ProcessMeter['read']>,
  machineBefore: MachineUse,
): Row[] {
  const machine = readMachine();
  let ownSeconds = 0;
  const rows = [...meter.read()].map(([process, use]): Row => {
    const cpuSeconds = use.cpuSeconds - (idle.get(process)?.cpuSeconds ?? 0);
    ownSeconds += cpuSeconds;
    return {
      process,
      idle_rss_mib: round(idle.get(process)?.rssMib ?? Number.NaN),
      peak_rss_mib: round(meter.peakRssMib(process)),
      end_rss_mib: round(use.rssMib),
      cpu_s: round(cpuSeconds),
    };
  });
  const foreign = machine.busySeconds - machineBefore.busySeconds - ownSeconds;
  const stolen = machine.stolenSeconds - machineBefore.stolenSeconds;
  return [
    ...rows,
    { process: '(others on this machine)', cpu_s: round(foreign) },
    { process: '(other machines on this host)', cpu_s: round(stolen) },
  ];
}

function scenarios({ settings }: BenchContext): Scenario[] {
  const times = {
    seconds: settings.seconds ?? (settings.isQuick ? 1.5 : 8),
    warmUpSeconds: settings.isQuick ? 0.5 : 2,
  };
  const instantStreams = settings.isQuick ? [1, 16] : [1, 16, 64, 128];
  const pacedStreams = settings.isQuick ? [GOAL_STREAMS] : [1, GOAL_STREAMS, 128];
  return [
    ...instantStreams.map((streams) => ({ ...INSTANT, ...times, streams, users: streams })),
    ...pacedStreams.map((streams) => ({ ...PACED, ...times, streams, users: streams })),
  ];
}

/** How much slower turns are when all are one user's, and so wait for one account. */
async function compareHotUser(
  { settings, report }: BenchContext,
  installation: ChatInstallation,
  log: TurnLog,
): Promise<{ rows: Row[]; measurements: Measurement[] }> {
  const measurements: Measurement[] = [];
  const measure = (name: string, users: number) => async (round: number) => {
    report(`${name}, ${COMPARED_STREAMS} streams, round ${round + 1}`);
    const seconds = (settings.seconds ?? (settings.isQuick ? 1 : 8)) / 2;
    const scenario = {
      ...INSTANT,
      name,
      users,
      streams: COMPARED_STREAMS,
      seconds,
      warmUpSeconds: seconds / 4,
    };
    const measurement = await measureTurns(installation, scenario, log);
    measurements.push(measurement);
    return measurement.turnsPerSecond;
  };
  const compared = await compare(settings.isQuick ? 1 : 3, {
    [MANY_USERS]: measure(MANY_USERS, COMPARED_STREAMS),
    'one user': measure('one user', 1),
  });
  const rows = Object.entries(compared).map(([variant, { median, ratio }]) => ({
    variant,
    median_turns_per_s: round(median),
    ratio: round(ratio),
  }));
  return { rows, measurements };
}

function errorRows(measurements: readonly Measurement[]): Row[] {
  return measurements.flatMap(({ row, errors }) =>
    [...errors].map(([error, times]) => ({ scenario: row['scenario'] ?? null, times, error })),
  );
}

/** docs/benchmarks.md tells where the limits come from. */
function goals(measurements: readonly Measurement[], checks: TurnChecks, apiRssMib: number): Goal[] {
  const find = (wanted: string) =>
    measurements.find(({ scenario }) => scenario.name === wanted && scenario.streams === GOAL_STREAMS);
  const errors = measurements.reduce((sum, { errorCount }) => sum + errorCount, 0);
  const paced = find(PACED.name);
  const firstByte = (percent: number) => paced?.firstByteOverhead.percentile(percent) ?? Number.NaN;
  const save = paced?.saveLags.percentile(99) ?? Number.NaN;
  const statements = find(MANY_USERS)?.mysqlStatementsATurn ?? Number.NaN;
  const misplaced = checks.unasked + checks.damaged + checks.disordered;
  const atPace = `at ${GOAL_STREAMS} paced streams`;
  return [
    atMost(0, 'turns', 'turns that failed', errors),
    atMost(0, 'turns', 'turns answered and not saved', checks.lost),
    atMost(0, 'turns', 'turns saved unasked, damaged or out of order', misplaced),
    atMost(0, 'rows', 'turns, holds and journals that do not agree', checks.miscounted),
    atMost(500, 'ms', `first byte over the provider's, p50 ${atPace}`, firstByte(50)),
    atMost(1000, 'ms', `first byte over the provider's, p99 ${atPace}`, firstByte(99)),
    atMost(1000, 'ms', `finish to save, p99 ${atPace}`, save),
    atMost(25, 'statements', `MySQL statements a turn at ${GOAL_STREAMS} streams`, statements),
    atMost(512, 'MiB', 'peak RSS of the API', apiRssMib),
  ];
}

import type { BenchContext, Benchmark, BenchResult, Row } from './lib/benchmark.ts';
import { atLeast, atMost, type Goal } from './lib/goals.ts';
import { round } from './lib/report.ts';
import { median } from './lib/samples.ts';
import { LoadMeter, type LoadResult, type Times } from './monitoring/measure-load.ts';
import { measureRequestCost } from './monitoring/request-cost.ts';
import { startVariant } from './monitoring/variant.ts';
import { openConsoles, startScraper, type Watchers } from './monitoring/watchers.ts';

const CONSOLES = 10;
const REQUEST_COST_ROUNDS = 15;

const benchmark: Benchmark = {
  name: 'monitoring',
  description: 'what metrics, heartbeats and ten open consoles cost of turns/s and logs/s',
  run: runMonitoring,
};
export default benchmark;

/** Nobody watches; heartbeats, metrics and a Prometheus; and ten consoles besides. */
const cases = ['off', 'on', 'ten consoles'] as const;
type Case = (typeof cases)[number];
type Kind = 'turns' | 'lines';

/** The results of all rounds, in the order of the rounds. */
type Results = Record<Case, LoadResult[]>;

interface Bench {
  readonly context: BenchContext;
  readonly meters: { readonly off: LoadMeter; readonly on: LoadMeter };
  readonly times: Times;
  readonly rounds: number;
  /** Consoles and scrapers that saw nothing, or not what they should. */
  blind: number;
}

async function runMonitoring(context: BenchContext): Promise<BenchResult> {
  const { isQuick, seconds } = context.settings;
  context.report('Starting an installation with monitoring and one without');
  const off = await startVariant(context, 'off', false);
  const on = await startVariant(context, 'on', true);
  const bench: Bench = {
    context,
    meters: { off: new LoadMeter(off), on: new LoadMeter(on) },
    times: { seconds: seconds ?? (isQuick ? 1 : 6), warmUpSeconds: isQuick ? 0.3 : 1 },
    rounds: isQuick ? 1 : 9,
    blind: 0,
  };
  const turns = await measureKind(bench, 'turns');
  const lines = await measureKind(bench, 'lines');
  await Promise.all([off.stop(), on.stop()]);
  context.report('The hooks of one request');
  const requestCostNs = await measureRequestCost(isQuick ? 3 : REQUEST_COST_ROUNDS);
  return {
    tables: [
      { title: 'Turns', rows: rowsOf(turns, 'turns') },
      { title: 'Log lines', rows: rowsOf(lines, 'lines') },
      { title: 'Counting and timing a request', rows: [{ added_ns: round(requestCostNs) }] },
    ],
    goals: [
      ...correctness(turns, lines, bench.blind),
      ...costGoals(turns, 'turns'),
      ...costGoals(lines, 'log lines'),
    ],
  };
}

/** All cases in each round, in another order each time, so that the weather of the machine is the same for all. */
async function measureKind(bench: Bench, kind: Kind): Promise<Results> {
  const results: Results = { off: [], on: [], 'ten consoles': [] };
  for (let number = 0; number < bench.rounds; number++) {
    const first = number % cases.length;
    for (const name of [...cases.slice(first), ...cases.slice(0, first)]) {
      bench.context.report(`${kind}, round ${number + 1}, ${name}`);
      results[name].push(await measureCase(bench, kind, name));
    }
  }
  return results;
}

async function measureCase(bench: Bench, kind: Kind, name: Case): Promise<LoadResult> {
  const meter = bench.meters[name === 'off' ? 'off' : 'on'];
  const watchers: Watchers[] = name === 'off' ? [] : [startScraper(meter.variant)];
  if (name === 'ten consoles') watchers.push(await openConsoles(meter.variant, CONSOLES));
  try {
    return await (kind === 'turns' ? meter.measureTurns(bench.times) : meter.measureLines(bench.times));
  } finally {
    for (const watcher of watchers) bench.blind += await watcher.stop();
  }
}

/** The median over the rounds of what one case gave, divided by what another gave in the same round. */
function ratio(results: Results, of: Case, over: Case, valueOf: (result: LoadResult) => number): number {
  return median(
    results[of].map((result, index) => {
      const base = results[over][index];
      return base ? valueOf(result) / valueOf(base) : Number.NaN;
    }),
  );
}

const rate = ({ perSecond }: LoadResult) => perSecond;
const cpu = ({ cpuUs }: LoadResult) => cpuUs;

function rowsOf(results: Results, unit: string): Row[] {
  return cases.map((name) => ({
    monitoring: name,
    [`${unit}_per_s`]: round(median(results[name].map(rate))),
    cpu_us: round(median(results[name].map(cpu))),
    over_off: ratio(results, name, 'off', rate).toFixed(3),
    cpu_over_off: ratio(results, name, 'off', cpu).toFixed(3),
    over_on: name === 'off' ? null : ratio(results, name, 'on', rate).toFixed(3),
    cpu_over_on: name === 'off' ? null : ratio(results, name, 'on', cpu).toFixed(3),
  }));
}

function correctness(turns: Results, lines: Results, blind: number): Goal[] {
  const sum = (results: Results, valueOf: (result: LoadResult) => number) =>
    cases.flatMap((name) => results[name]).reduce((total, result) => total + valueOf(result), 0);
  const lastLost = (results: Results) =>
    Math.max(0, ...cases.map((name) => results[name].at(-1)?.lost ?? Number.NaN));
  return [
    atMost(
      0,
      'turns',
      'turns that failed',
      sum(turns, ({ failed }) => failed),
    ),
    atMost(0, 'turns', 'turns answered and not saved', lastLost(turns)),
    atMost(0, 'rows', 'log lines taken in and not stored', lastLost(lines)),
    atMost(0, 'errors', 'consoles that heard nothing, scrapes without an answer', blind),
  ];
}

/** docs/benchmarks.md tells where the limits come from. */
function costGoals(results: Results, what: string): Goal[] {
  return [
    atLeast(0.97, 'x', `${what}/s, with monitoring over without`, ratio(results, 'on', 'off', rate)),
    atMost(1.03, 'x', `processor time, ${what}, with over without`, ratio(results, 'on', 'off', cpu)),
    atLeast(0.98, 'x', `${what}/s, ten consoles over none`, ratio(results, 'ten consoles', 'on', rate)),
  ];
}

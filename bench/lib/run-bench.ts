import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BenchCallError, type Benchmark, type BenchResult, type BenchSettings } from './benchmark.ts';
import { describeMachine, type Machine } from './machine.ts';
import { formatReport, formatTable, round } from './report.ts';
import { type BenchServers, startBenchServers } from './servers.ts';

const SUFFIX = '.bench.ts';

/** Where the output of a run goes. */
export interface BenchOutput {
  /** The table or the JSON document. */
  print(text: string): void;
  /** Progress, a line at a time. */
  report: (line: string) => void;
}

/** The benchmarks of a directory, a line each. */
export async function listBenchmarks(directory: string): Promise<string> {
  const names = benchmarkNames(directory);
  const benchmarks = await Promise.all(names.map((name) => loadBenchmark(directory, name)));
  return formatTable(benchmarks.map(({ name, description }) => ({ benchmark: name, measures: description })));
}

/** @throws BenchCallError if the directory has no benchmark of this name. */
export function checkName(directory: string, name: string): void {
  const names = benchmarkNames(directory);
  if (names.includes(name)) return;
  throw new BenchCallError(`There is no benchmark '${name}'. There are: ${names.join(', ')}.`);
}

/**
 * Runs one benchmark and prints its outcome.
 * @returns the exit code: 1 if a goal is missed.
 * @throws BenchCallError if there is no such benchmark.
 */
export async function runBench(
  directory: string,
  name: string,
  options: BenchSettings & { isJson: boolean },
  output: BenchOutput,
): Promise<number> {
  checkName(directory, name);
  const benchmark = await loadBenchmark(directory, name);
  const startedAt = new Date();
  const begin = performance.now();
  const { tables, goals } = await runOnServers(benchmark, options, output);
  const hasMetAll = goals.every((goal) => goal.met);
  const machine = await describeMachine();
  const document = {
    name,
    machine,
    started_at: startedAt.toISOString(),
    duration_s: round((performance.now() - begin) / 1000),
    rows: tables.flatMap(({ title, rows }) => rows.map((row) => ({ table: title, ...row }))),
    goals,
  };
  if (options.isJson) output.print(`${JSON.stringify(document, null, 2)}\n`);
  else output.print(`${describeRun(name, machine, document.duration_s)}\n\n${formatReport(tables, goals)}`);
  return hasMetAll ? 0 : 1;
}

function describeRun(name: string, machine: Machine, seconds: number | null): string {
  const { cores, node, mariadb, redis } = machine;
  return `${name}: ${seconds} s on ${cores} cores, Node ${node}, MariaDB ${mariadb ?? '-'}, Redis ${redis ?? '-'}`;
}

function benchmarkNames(directory: string): string[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => basename(file, SUFFIX))
    .sort();
}

async function loadBenchmark(directory: string, name: string): Promise<Benchmark> {
  const module = (await import(pathToFileURL(join(directory, name + SUFFIX)).href)) as { default: Benchmark };
  return module.default;
}

/** Whatever servers the benchmark asks for end with it. */
async function runOnServers(
  benchmark: Benchmark,
  settings: BenchSettings,
  { report }: BenchOutput,
): Promise<BenchResult> {
  let servers: Promise<BenchServers> | undefined;
  const startServers = () => {
    report('Starting private servers');
    return startBenchServers();
  };
  try {
    return await benchmark.run({ settings, report, startServers: () => (servers ??= startServers()) });
  } finally {
    await servers?.then((started) => started.stop());
  }
}

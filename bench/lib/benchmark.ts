import type { Goal } from './goals.ts';
import type { BenchServers } from './servers.ts';

/** A call that names no benchmark or part of one, or names it wrongly. */
export class BenchCallError extends Error {}

/** One figure or word of a row; null where there is none. */
export type Cell = string | number | boolean | null;
export type Row = Record<string, Cell>;

/** Rows of one kind, printed under one head. */
export interface Table {
  title: string;
  rows: Row[];
}

/** How a benchmark is to be run, as the command line says. */
export interface BenchSettings {
  /** How long each measurement lasts, without its warm-up. Undefined: as the benchmark thinks right. */
  seconds: number | undefined;
  /** Only as long as it takes to see that all of it works; the figures mean little. */
  isQuick: boolean;
  /** How many rows a table is filled with before it is read. Undefined: as the benchmark thinks right. */
  rows: number | undefined;
  /** The parts that are to be measured. Empty: all of them. */
  only: readonly string[];
  /** Where the processes of the product leave V8 CPU profiles when they end. Undefined: they make none. */
  profileDirectory: string | undefined;
}

/** What the harness gives a benchmark. */
export interface BenchContext {
  settings: BenchSettings;
  /** Tells whoever waits how far it is, in one line. */
  report: (line: string) => void;
  /** Starts a MariaDB and a Redis of the benchmark's own, set up to lose nothing; they end with the run. */
  startServers(): Promise<BenchServers>;
}

export interface BenchResult {
  tables: Table[];
  goals: Goal[];
}

/** What a file `bench/NAME.bench.ts` exports by default. */
export interface Benchmark {
  name: string;
  /** One line for the list. */
  description: string;
  run(context: BenchContext): Promise<BenchResult>;
}

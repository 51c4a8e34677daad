import type { Row } from '../lib/benchmark.ts';
import { compare } from '../lib/compare.ts';
import { round } from '../lib/report.ts';
import type { Samples } from '../lib/samples.ts';
import { costCells, type CpuCosts, costsOfOne } from '../lib/cpu-costs.ts';
import { measureJobs, type Times } from './job-ceiling.ts';
import { measureSaves, type SaveMeasurement } from './measure-saves.ts';
import type { SaveInstallation } from './save-installation.ts';

/** How many times as long the warm-up is where waiting times are measured. */
const STEADY_AFTER = 4;

/** Plain jobs and saves of turns with equally many worker processes. */
export interface Throughput {
  workers: number;
  /** Turns for each job, in the same time. */
  ratio: number;
  /** From finish to save at half of the measured rate. */
  latencies: Samples;
  lost: number;
  disordered: number;
  errors: string[];
  row: Row;
  lagRow: Row;
  costRows: Row[];
}

/** Measures jobs and saves by turns, then saves at half the rate that they had. */
export async function measureThroughput(
  installation: SaveInstallation,
  workers: number,
  times: Times,
  rounds: number,
  report: (line: string) => void,
): Promise<Throughput> {
  const costs: { job: CpuCosts[]; turn: CpuCosts[] } = { job: [], turn: [] };
  const measurements: SaveMeasurement[] = [];
  const name = workers === 1 ? '1 worker' : `${workers} workers`;
  const compared = await compare(rounds, {
    jobs: async () => {
      report(`${name}: jobs that do nothing`);
      const measurement = await measureJobs(installation, workers, times);
      costs.job.push(costsOfOne(measurement.costs, measurement.finished));
      return measurement.perSecond;
    },
    turns: async () => {
      report(`${name}: turns`);
      const measurement = await measureSaves(installation, workers, times);
      measurements.push(measurement);
      costs.turn.push(costsOfOne(measurement.costs, measurement.saved));
      return measurement.turnsPerSecond;
    },
  });
  report(`${name}: turns at half the load`);
  // New processes take seconds until their code is compiled, and work off for longer what has come meanwhile.
  const steady = { ...times, warmUpSeconds: STEADY_AFTER * times.warmUpSeconds };
  const half = await measureSaves(installation, workers, steady, compared.turns.median / 2);
  const all = [...measurements, half];
  return {
    workers,
    ratio: compared.turns.ratio,
    latencies: half.latencies,
    lost: all.reduce((sum, { lost }) => sum + lost, 0),
    disordered: all.reduce((sum, { disordered }) => sum + disordered, 0),
    errors: all.flatMap(({ errors }) => errors),
    row: {
      workers,
      jobs_per_s: round(compared.jobs.median),
      turns_per_s: round(compared.turns.median),
      ratio: round(compared.turns.ratio),
      unsaved: measurements.map(({ backlog }) => backlog.join('→')).join(', '),
    },
    lagRow: lagRow(workers, half),
    costRows: [
      { of: 'job', workers, ...costCells(costs.job) },
      { of: 'turn', workers, ...costCells(costs.turn) },
    ],
  };
}

function lagRow(workers: number, { turnsPerSecond, latencies }: SaveMeasurement): Row {
  return {
    workers,
    turns_per_s: round(turnsPerSecond),
    watched: latencies.count,
    p50_ms: round(latencies.percentile(50)),
    p95_ms: round(latencies.percentile(95)),
    p99_ms: round(latencies.percentile(99)),
  };
}

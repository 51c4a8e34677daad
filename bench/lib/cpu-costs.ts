import { ProcessMeter } from './process-meter.ts';
import type { Cell } from './benchmark.ts';
import { round } from './report.ts';
import { median } from './samples.ts';
import type { BenchServers } from './servers.ts';

/** Processes that are counted together, by what they do. */
export type Roles = Readonly<Record<string, readonly number[]>>;

/** Processor time of roles in milliseconds. It depends less on what else the machine does than any rate. */
export type CpuCosts = Record<string, number>;

/** Watches processes from now on, and the servers with them. @returns what each role has used since */
export function watchCpu(servers: BenchServers, roles: Roles): () => CpuCosts {
  const pids = servers.pids();
  const all = new Map(
    Object.entries({ ...roles, mariadb: [pids.get('MariaDB') ?? 0], redis: [pids.get('Redis') ?? 0] }),
  );
  const meter = new ProcessMeter(
    new Map([...all].flatMap(([role, members]) => members.map((pid) => [`${role} ${pid}`, pid] as const))),
  );
  const readRoles = () => {
    const uses = meter.read();
    return new Map(
      [...all].map(([role, members]) => {
        const seconds = members.map((pid) => uses.get(`${role} ${pid}`)?.cpuSeconds ?? Number.NaN);
        return [role, seconds.reduce((sum, value) => sum + value, 0) * 1000];
      }),
    );
  };
  const before = readRoles();
  return () => {
    const after = readRoles();
    meter.stop();
    return Object.fromEntries([...after].map(([role, ms]) => [role, ms - (before.get(role) ?? 0)]));
  };
}

/** The medians of several measurements as cells of a row, in microseconds. */
export function costCells(measured: readonly CpuCosts[]): Record<string, Cell> {
  const roles = [...new Set(measured.flatMap((costs) => Object.keys(costs)))];
  return Object.fromEntries(
    roles.map((role) => [
      `${role}_us`,
      round(1000 * median(measured.map((costs) => costs[role] ?? Number.NaN))),
    ]),
  );
}

/** Of one of so many. */
export function costsOfOne(costs: CpuCosts, count: number): CpuCosts {
  return Object.fromEntries(Object.entries(costs).map(([role, ms]) => [role, ms / count]));
}

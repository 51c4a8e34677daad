import { availableParallelism } from 'node:os';
import { runProgram } from '../../scripts/lib/processes.mjs';
import { findBinaries } from '../../scripts/lib/services.mjs';

/** On what the figures were measured. A version is null if the program is not installed. */
export interface Machine {
  cores: number;
  node: string;
  mariadb: string | null;
  redis: string | null;
}

export async function describeMachine(): Promise<Machine> {
  const { mariadbd, redisServer } = findBinaries();
  return {
    cores: availableParallelism(),
    node: process.versions.node,
    mariadb: await versionOf(mariadbd),
    redis: await versionOf(redisServer),
  };
}

async function versionOf(program: string | null): Promise<string | null> {
  if (program === null) return null;
  const { stdout } = await runProgram(program, ['--version']);
  return /(?:Ver |v=)(\S+)/.exec(stdout)?.[1] ?? null;
}

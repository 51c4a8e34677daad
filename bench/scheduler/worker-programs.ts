import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PeriodicTask } from '../../src/platform/schedule/index.ts';
import { ask, startProgram } from '../lib/child-programs.ts';
import type { BenchServers } from '../lib/servers.ts';

/** What a worker of the benchmark is told. */
export type ProgramMessage =
  | {
      readonly kind: 'start';
      readonly environment: Record<string, string>;
      readonly tasks: readonly PeriodicTask[];
    }
  | {
      readonly kind: 'claim';
      readonly task: string;
      readonly cron: string;
      /** In milliseconds since the Unix epoch. */
      readonly slots: readonly number[];
    }
  | { readonly kind: 'stop' };

/** How many of the slots a worker has got. */
export interface ClaimAnswer {
  readonly claimed: number;
  readonly durationMs: number;
}

const PROGRAM = fileURLToPath(new URL('worker-program.ts', import.meta.url));

/** Worker processes that run the tasks of the benchmark. */
export class WorkerPrograms {
  private readonly programs: ChildProcess[] = [];
  private readonly servers: BenchServers;
  private readonly environment: Record<string, string>;
  private readonly tasks: readonly PeriodicTask[];

  constructor(servers: BenchServers, environment: Record<string, string>, tasks: readonly PeriodicTask[]) {
    this.servers = servers;
    this.environment = environment;
    this.tasks = tasks;
  }

  async start(count: number): Promise<void> {
    for (let number = 0; number < count; number++) {
      const program = startProgram(this.servers, `worker ${this.programs.length}`, PROGRAM);
      const message: ProgramMessage = { kind: 'start', environment: this.environment, tasks: this.tasks };
      await ask(program, message);
      this.programs.push(program);
    }
  }

  /** All claim the same slots at once. */
  async contend(task: string, cron: string, slots: readonly number[]): Promise<ClaimAnswer[]> {
    const message: ProgramMessage = { kind: 'claim', task, cron, slots };
    return (await Promise.all(this.programs.map((program) => ask(program, message)))) as ClaimAnswer[];
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.programs.map(async (program) => {
        const ended = once(program, 'exit');
        program.send({ kind: 'stop' } satisfies ProgramMessage);
        await ended;
      }),
    );
  }
}

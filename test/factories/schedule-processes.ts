import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readCron, type PeriodicTask } from '../../src/platform/schedule/index.js';
import type { Transactions } from '../../src/platform/database/index.js';
import { openDatabase } from './test-database.js';

const PROGRAM = fileURLToPath(new URL('../processes/schedule-worker.mjs', import.meta.url));

/** What became of the slots of one task, counted past the engine. */
export interface SlotAccount {
  /** Due in the time that is settled. */
  readonly slots: number;
  /** Slots without a row. */
  readonly lost: string[];
  /** The same try of the same slot, done twice. */
  readonly doubled: string[];
  /** Slots that are said to have succeeded and were not done, or were done and skipped. */
  readonly untrue: string[];
  readonly states: Record<string, number>;
}

/** Worker processes that run periodic tasks on servers that a test kills. */
export class ScheduleProcesses {
  private readonly children = new Map<number, ChildProcess>();
  /** What all of them have written. */
  output = '';

  private constructor(
    readonly database: Transactions & AsyncDisposable,
    private readonly environment: Record<string, string>,
    private readonly tasks: readonly PeriodicTask[],
  ) {}

  static async create(
    tasks: readonly PeriodicTask[],
    environment: { LOCKKEEPER_DATABASE_URL: string } & Record<string, string>,
  ): Promise<ScheduleProcesses> {
    const database = await openDatabase(environment.LOCKKEEPER_DATABASE_URL);
    await database.single.query(
      `CREATE TABLE test_executions (id BIGINT AUTO_INCREMENT PRIMARY KEY, task VARCHAR(64), due_at DATETIME(3),
         attempt INT, pid INT, at DATETIME(3))`,
    );
    return new ScheduleProcesses(database, environment, tasks);
  }

  get pids(): number[] {
    return [...this.children.keys()];
  }

  async start(): Promise<void> {
    const mark = process.env['TEST_RUN_DIRECTORY'];
    const child = fork(PROGRAM, {
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: 'test',
        ...(mark === undefined ? {} : { TEST_RUN_DIRECTORY: mark }),
        ...this.environment,
        TEST_TASKS: JSON.stringify(this.tasks),
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const note = (data: Buffer) => (this.output += data.toString());
    child.stdout?.on('data', note);
    child.stderr?.on('data', note);
    const pid = child.pid ?? 0;
    this.children.set(pid, child);
    child.on('exit', () => this.children.delete(pid));
    const ended = once(child, 'exit').then(() => false);
    if (!(await Promise.race([once(child, 'message').then(() => true), ended]))) {
      throw new Error(`The worker ended before it was ready:\n${this.output}`);
    }
  }

  /** SIGKILL, and waits for the end. */
  async kill(pid: number): Promise<void> {
    const child = this.children.get(pid);
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** SIGTERM to all, and waits for their ends. */
  async stopAll(): Promise<void> {
    await Promise.all(
      [...this.children.values()].map(async (child) => {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }),
    );
  }

  /** The process that looks after the schedules; undefined while none does. */
  async holderPid(): Promise<number | undefined> {
    const [row] = await this.database.single.query<{ process: string }[]>(
      'SELECT process FROM schedule_lease WHERE expires_at > UTC_TIMESTAMP(3)',
    );
    return row && Number(row.process.split(':').at(-1));
  }

  async mode(): Promise<string | undefined> {
    const [row] = await this.database.single.query<{ mode: string }[]>('SELECT mode FROM schedule_lease');
    return row?.mode;
  }

  /** How many runs there were so far; undefined while the database is away. */
  async countExecutions(): Promise<number | undefined> {
    const rows = await this.database.single
      .query<{ count: string }[]>('SELECT COUNT(*) AS count FROM test_executions')
      .catch(() => []);
    return rows[0] && Number(rows[0].count);
  }

  /** Counts every slot of a task from its first one on. */
  async account(name: string): Promise<SlotAccount> {
    const [task] = await this.database.single.query<{ default_cron: string; settled_until: Date }[]>(
      'SELECT default_cron, settled_until FROM schedule_tasks WHERE name = ?',
      [name],
    );
    const rows = await this.database.single.query<
      { due_at: Date; through_at: Date | null; state: string; attempt: number }[]
    >('SELECT due_at, through_at, state, attempt FROM schedule_runs WHERE task = ? ORDER BY due_at', [name]);
    const done = await this.database.single.query<{ due_at: Date; attempt: number; count: string }[]>(
      'SELECT due_at, attempt, COUNT(*) AS count FROM test_executions WHERE task = ? GROUP BY due_at, attempt',
      [name],
    );
    const cron = readCron(task?.default_cron ?? '');
    const covered = new Set(
      rows.flatMap(
        ({ due_at: from, through_at: to }) =>
          cron.between(from.getTime() - 1, (to ?? from).getTime(), 10_000).slots,
      ),
    );
    const all = cron.between(
      (rows[0]?.due_at.getTime() ?? 0) - 1,
      task?.settled_until.getTime() ?? 0,
      10_000,
    ).slots;
    const executed = new Set(done.map((row) => row.due_at.getTime()));
    const states: Record<string, number> = {};
    for (const { state } of rows) states[state] = (states[state] ?? 0) + 1;
    return {
      slots: all.length,
      lost: all.filter((slot) => !covered.has(slot)).map(toText),
      doubled: done.filter(({ count }) => Number(count) > 1).map((row) => toText(row.due_at.getTime())),
      untrue: rows
        .filter(({ state, due_at: dueAt }) => (state === 'succeeded') !== executed.has(dueAt.getTime()))
        .map((row) => `${toText(row.due_at.getTime())} ${row.state}`),
      states,
    };
  }

  async dispose(): Promise<void> {
    await Promise.all(this.pids.map((pid) => this.kill(pid)));
    await this.database[Symbol.asyncDispose]();
  }
}

function toText(slotMs: number): string {
  return new Date(slotMs).toISOString();
}

import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createConnection } from 'mysql2/promise';
import type { TaskOutcome } from '../../src/platform/schedule/index.ts';
import type { BenchContext, Row } from '../lib/benchmark.ts';
import { ask, startProgram } from '../lib/child-programs.ts';
import { atMost, type Goal } from '../lib/goals.ts';
import { createProduct } from '../lib/product.ts';
import type { TaskRowsCase } from './task-rows.ts';

/** What a process that runs a task is told. */
export interface TaskOrder {
  readonly environment: Record<string, string>;
  readonly task: string;
  readonly timeoutMs: number;
}

/** What it has measured. */
export interface TaskAnswer {
  readonly durationMs: number;
  readonly longestMs: number;
  readonly transactions: number;
  readonly outcome: TaskOutcome;
  readonly grownMib: number;
}

const PROGRAM = fileURLToPath(new URL('task-program.ts', import.meta.url));
const TIMEOUT_MS = 25 * 60_000;
const MAX_TRANSACTION_MS = 200;
const CASE_FILE = /-rows\.ts$/;

/** Runs every task that has a case (`*-rows.ts` beside this file), each once on a database of its own. */
export async function measureTasks(context: BenchContext): Promise<{ rows: Row[]; goals: Goal[] }> {
  const rows: Row[] = [];
  const goals: Goal[] = [];
  for (const rowsCase of await loadCases()) {
    const { name } = rowsCase.task;
    context.report(`${name}: ${rowsCase.rows} rows`);
    const { answer, dueBefore, dueAfter } = await measureTask(context, rowsCase);
    rows.push({
      task: name,
      rows: rowsCase.rows,
      due: dueBefore,
      left: dueAfter,
      seconds: answer.durationMs / 1_000,
      transactions: answer.transactions,
      longest_ms: answer.longestMs,
      grown_mib: answer.grownMib,
    });
    goals.push(atMost(MAX_TRANSACTION_MS, 'ms', `longest transaction of ${name}`, answer.longestMs));
    goals.push(atMost(0, 'rows', `left due by ${name}`, dueAfter));
  }
  return { rows, goals };
}

/** Every exported case of the modules. */
async function loadCases(): Promise<TaskRowsCase[]> {
  const files = readdirSync(new URL('.', import.meta.url))
    .filter((file) => CASE_FILE.test(file) && file !== 'task-rows.ts')
    .sort();
  const cases: TaskRowsCase[] = [];
  for (const file of files) {
    const exported = (await import(new URL(file, import.meta.url).href)) as Record<string, unknown>;
    cases.push(...Object.values(exported).flat().filter(isCase));
  }
  return cases;
}

function isCase(value: unknown): value is TaskRowsCase {
  return (
    typeof value === 'object' && value !== null && 'task' in value && 'seed' in value && 'countDue' in value
  );
}

async function measureTask(context: BenchContext, rowsCase: TaskRowsCase) {
  const servers = await context.startServers();
  const { environment } = await createProduct(servers);
  const database = await createConnection({
    uri: environment['LOCKKEEPER_DATABASE_URL'] ?? '',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
  try {
    await pauseAll(database);
    await rowsCase.seed(database);
    const dueBefore = await rowsCase.countDue(database);
    const program = startProgram(servers, rowsCase.task.name, PROGRAM);
    const order: TaskOrder = { environment, task: rowsCase.task.name, timeoutMs: TIMEOUT_MS };
    const answer = (await ask(program, order)) as TaskAnswer;
    return { answer, dueBefore, dueAfter: await rowsCase.countDue(database) };
  } finally {
    await database.end();
  }
}

/** Nothing else is to be done meanwhile: the engine knows the tasks as paused before it knows them. */
async function pauseAll(database: Awaited<ReturnType<typeof createConnection>>): Promise<void> {
  const { importBuilt } = await import('../lib/built-services.ts');
  const { periodicTasks } = await importBuilt<typeof import('../../src/app.tasks.ts')>('app.tasks.js');
  const values = periodicTasks.map(({ name, cron }) => [name, cron, new Date(), new Date()]);
  await database.query('INSERT INTO schedule_tasks (name, default_cron, settled_until, paused_at) VALUES ?', [
    values,
  ]);
}

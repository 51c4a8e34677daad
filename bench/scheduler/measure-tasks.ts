import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createConnection } from 'mysql2/promise';
import type { TaskOutcome } from '../../src/platform/schedule/index.ts';
import type { BenchContext, Row } from '../lib/benchmark.ts';
import { ask, startProgram } from '../lib/child-programs.ts';
import { atMost, type Goal } from '../lib/goals.ts';
import { createProduct } from '../lib/product.ts';
import { settleDatabase } from '../lib/settle-database.ts';
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
  readonly p99Ms: number | null;
  readonly transactions: number;
  readonly outcome: TaskOutcome;
  readonly grownMib: number;
}

const PROGRAM = fileURLToPath(new URL('task-program.ts', import.meta.url));
const TIMEOUT_MS = 25 * 60_000;
const QUICK_ROWS = 10_000;
const MAX_TRANSACTION_MS = 200;
/** Beside `task-rows.ts` and `numbered-rows.ts`, which are what they have in common. */
const CASE_FILE = /^(?!task|numbered).*-rows\.ts$/;

/** Runs those tasks, each once on a database of its own. */
export async function measureTasks(
  context: BenchContext,
  cases: readonly TaskRowsCase[],
): Promise<{ rows: Row[]; goals: Goal[] }> {
  const rows: Row[] = [];
  const goals: Goal[] = [];
  for (const rowsCase of cases) {
    const { name } = rowsCase.task;
    const { answer, ...measured } = await measureTask(context, rowsCase);
    rows.push({
      task: name,
      rows: measured.rows,
      due: measured.dueBefore,
      left: measured.dueAfter,
      seeded_s: measured.seededMs / 1_000,
      seconds: answer.durationMs / 1_000,
      transactions: answer.transactions,
      p99_ms: answer.p99Ms,
      longest_ms: answer.longestMs,
      grown_mib: answer.grownMib,
    });
    goals.push(atMost(MAX_TRANSACTION_MS, 'ms', `longest transaction of ${name}`, answer.longestMs));
    goals.push(atMost(0, 'rows', `left due by ${name}`, measured.dueAfter));
  }
  return { rows, goals };
}

/** Every exported case of the modules (`*-rows.ts` beside this file), by the name of its task. */
export async function loadCases(): Promise<TaskRowsCase[]> {
  const files = readdirSync(new URL('.', import.meta.url))
    .filter((file) => CASE_FILE.test(file))
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
  const { settings, report } = context;
  const { name } = rowsCase.task;
  const servers = await context.startServers();
  const { environment } = await createProduct(servers);
  const database = await createConnection({
    uri: environment['LOCKKEEPER_DATABASE_URL'] ?? '',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
  try {
    const rows = settings.rows ?? (settings.isQuick ? QUICK_ROWS : rowsCase.rows);
    report(`${name}: filling ${rows} rows`);
    const seedingAtMs = performance.now();
    await pauseAll(database);
    await rowsCase.seed(database, rows);
    await settleDatabase(database);
    const seededMs = performance.now() - seedingAtMs;
    const dueBefore = await rowsCase.countDue(database);
    report(`${name}: ${dueBefore} due`);
    const program = startProgram(servers, name, PROGRAM);
    const order: TaskOrder = { environment, task: name, timeoutMs: TIMEOUT_MS };
    const answer = (await ask(program, order)) as TaskAnswer;
    report(`${name}: ${(answer.durationMs / 1_000).toFixed(1)} s, longest ${answer.longestMs.toFixed(0)} ms`);
    return { rows, seededMs, answer, dueBefore, dueAfter: await rowsCase.countDue(database) };
  } finally {
    // What has been measured is not to be kept in memory, or written, while the next is.
    await database.query('DROP DATABASE ??', [
      new URL(environment['LOCKKEEPER_DATABASE_URL'] ?? '').pathname.slice(1),
    ]);
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

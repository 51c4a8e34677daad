import type { PeriodicTask } from './define-periodic-task.js';
import { CronError, readCron } from './cron.js';

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const MAX_NAME_LENGTH = 64;
const MAX_RETRIES = 100;
/** More than this one process could not tell in one go, and an operator would not want. */
const MAX_CAUGHT_UP = 1_000;
const MAX_TIME_MS = 24 * 3_600_000;

/** What is wrong with the declarations of tasks, a sentence each; empty if all is well. */
export function findTaskProblems(tasks: readonly PeriodicTask[]): string[] {
  const names = tasks.map(({ name }) => name);
  const twice = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  return [
    ...twice.map((name) => `Two tasks have the name ${name}.`),
    ...tasks.flatMap((task) => problemsOf(task).map((problem) => `${task.name}: ${problem}`)),
  ];
}

function problemsOf(task: PeriodicTask): string[] {
  const { name, priority, retries, retryDelayMs, softLimitMs, hardLimitMs, catchUp } = task;
  const checks: [isWrong: boolean, problem: string][] = [
    [!NAME.test(name) || name.length > MAX_NAME_LENGTH, 'the name is no kebab-case of up to 64 characters.'],
    [task.description.trim() === '', 'the description is empty.'],
    [!isWhole(priority, 1, 10), `the priority ${priority} is no whole number from 1 to 10.`],
    [
      !isWhole(retries, 0, MAX_RETRIES),
      `the retries ${retries} are no whole number from 0 to ${MAX_RETRIES}.`,
    ],
    [!isWhole(retryDelayMs, 0, MAX_TIME_MS), `the delay of ${retryDelayMs} ms is none from 0 to a day.`],
    [!isWhole(softLimitMs, 1, MAX_TIME_MS), `the soft limit of ${softLimitMs} ms is none up to a day.`],
    [
      !isWhole(hardLimitMs, 1, MAX_TIME_MS) || hardLimitMs <= softLimitMs,
      `the hard limit of ${hardLimitMs} ms is none above the soft one, up to a day.`,
    ],
    [
      catchUp.mode === 'all' && !isWhole(catchUp.max, 1, MAX_CAUGHT_UP),
      `at most ${catchUp.mode === 'all' ? catchUp.max : 0} slots to catch up is none from 1 to ${MAX_CAUGHT_UP}.`,
    ],
  ];
  return [...checks.filter(([isWrong]) => isWrong).map(([, problem]) => problem), ...cronProblems(task.cron)];
}

function cronProblems(cron: string): string[] {
  try {
    readCron(cron);
    return [];
  } catch (error) {
    if (error instanceof CronError) return [error.message];
    throw error;
  }
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

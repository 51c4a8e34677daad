import type { DiscoveryService, Reflector } from '@nestjs/core';
import { findTaskProblems } from './check-tasks.js';
import type { PeriodicTask, PeriodicTaskHandler } from './define-periodic-task.js';
import { RUNS_TASK } from './runs-task.js';

/**
 * The handler of each task, by the task's name.
 * @throws one Error that lists everything wrong: declarations that make no sense, tasks without a handler or with two,
 *   handlers of tasks that are not listed.
 */
export function findTaskHandlers(
  tasks: readonly PeriodicTask[],
  discovery: DiscoveryService,
  reflector: Reflector,
): ReadonlyMap<string, PeriodicTaskHandler> {
  const problems = findTaskProblems(tasks);
  const handlers = new Map<string, PeriodicTaskHandler>();
  for (const { instance, metatype } of discovery.getProviders()) {
    if (typeof metatype !== 'function') continue;
    const task = reflector.get<PeriodicTask | undefined>(RUNS_TASK, metatype);
    if (!task) continue;
    if (handlers.has(task.name) && handlers.get(task.name) !== instance) {
      problems.push(`The task ${task.name} has two handlers.`);
    }
    if (!tasks.includes(task)) problems.push(`The task ${task.name} is not listed in app.tasks.ts.`);
    handlers.set(task.name, instance as PeriodicTaskHandler);
  }
  for (const { name } of tasks) {
    if (!handlers.has(name)) problems.push(`The task ${name} has no handler.`);
  }
  if (problems.length > 0) {
    throw new Error(
      `The periodic tasks have ${problems.length} problem(s):\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    );
  }
  return handlers;
}

import { BenchCallError, type BenchContext, type Benchmark, type BenchResult } from './lib/benchmark.ts';
import { measureSlots } from './scheduler/measure-slots.ts';
import { loadCases, measureTasks } from './scheduler/measure-tasks.ts';

const benchmark: Benchmark = {
  name: 'scheduler',
  description:
    'periodic tasks: lateness with Redis and without, switches, fenced slots/s; each task over a million rows',
  run: runScheduler,
};
export default benchmark;

const SLOTS = 'slots';

async function runScheduler(context: BenchContext): Promise<BenchResult> {
  const { only } = context.settings;
  const cases = await loadCases();
  const parts = [SLOTS, ...cases.map(({ task }) => task.name)];
  const unknown = only.filter((part) => !parts.includes(part));
  if (unknown.length > 0) {
    throw new BenchCallError(`There is no part '${unknown.join("', '")}'. There are: ${parts.join(', ')}.`);
  }
  const isWanted = (part: string) => only.length === 0 || only.includes(part);
  const slots = isWanted(SLOTS) ? await measureSlots(context) : { rows: [], goals: [] };
  const tasks = await measureTasks(
    context,
    cases.filter(({ task }) => isWanted(task.name)),
  );
  return {
    tables: [
      { title: 'Slots', rows: slots.rows },
      { title: 'Tasks', rows: tasks.rows },
    ].filter(({ rows }) => rows.length > 0),
    goals: [...slots.goals, ...tasks.goals],
  };
}

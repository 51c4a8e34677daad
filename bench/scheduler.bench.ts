import type { BenchContext, Benchmark, BenchResult } from './lib/benchmark.ts';
import { measureSlots } from './scheduler/measure-slots.ts';
import { measureTasks } from './scheduler/measure-tasks.ts';

const benchmark: Benchmark = {
  name: 'scheduler',
  description:
    'periodic tasks: lateness with Redis and without, switches, fenced slots/s; each task over a million rows',
  run: runScheduler,
};
export default benchmark;

async function runScheduler(context: BenchContext): Promise<BenchResult> {
  const slots = await measureSlots(context);
  const tasks = await measureTasks(context);
  return {
    tables: [
      { title: 'Slots', rows: slots.rows },
      { title: 'Tasks', rows: tasks.rows },
    ].filter(({ rows }) => rows.length > 0),
    goals: [...slots.goals, ...tasks.goals],
  };
}

import { BenchCallError, type BenchContext, type Benchmark, type BenchResult } from './lib/benchmark.ts';
import { measureDocuments } from './tasks/measure-documents.ts';
import { measureFairness } from './tasks/measure-fairness.ts';
import { measureSearch } from './tasks/measure-search.ts';
import { measureUpload } from './tasks/measure-upload.ts';
import type { PartResult } from './tasks/part.ts';

const benchmark: Benchmark = {
  name: 'tasks',
  description:
    'documents through the workers, tasks that do nothing, fair turns, search in chunks, a large upload',
  run: runTasks,
};
export default benchmark;

/** Each on an installation of its own, in this order. */
const PARTS: Readonly<Record<string, (context: BenchContext) => Promise<PartResult>>> = {
  upload: measureUpload,
  fairness: measureFairness,
  documents: measureDocuments,
  search: measureSearch,
};

async function runTasks(context: BenchContext): Promise<BenchResult> {
  const { only } = context.settings;
  const parts = Object.keys(PARTS);
  const unknown = only.filter((part) => !parts.includes(part));
  if (unknown.length > 0) {
    throw new BenchCallError(`There is no part '${unknown.join("', '")}'. There are: ${parts.join(', ')}.`);
  }
  const result: BenchResult = { tables: [], goals: [] };
  for (const [part, measure] of Object.entries(PARTS)) {
    if (only.length > 0 && !only.includes(part)) continue;
    const { tables, goals } = await measure(context);
    result.tables.push(...tables);
    result.goals.push(...goals);
  }
  return result;
}

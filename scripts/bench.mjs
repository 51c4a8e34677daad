import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './lib/build.mjs';
import { projectRoot } from './lib/project.mjs';
import { ensureRuntime } from './lib/runtime.mjs';
import { describeError, OperatorError, runMain } from './lib/terminal.mjs';

const help = `npm run bench -- [NAME] [options]

Runs the benchmark NAME on private servers of its own against the built product, and prints its table.
Without a name: lists the benchmarks.

  --json           print one JSON document instead (npm's own lines aside: npm run --silent bench -- NAME --json)
  --seconds N      how long each measurement lasts, without its warm-up
  --quick          only see that it works: short measurements, few of them, small tables
  --rows N         how many rows a table is filled with before it is read (logs, scheduler), how many chunks
                   are searched at the most (tasks)
  --only PART      measures this part alone; can be given several times (scheduler: slots, or the name of a task;
                   tasks: upload, fairness, documents, search)
  --profile DIR    have the product's processes leave V8 CPU profiles in DIR (the figures suffer)

The exit code is 0 if every goal is met, 1 if one is missed, 2 for a wrong call. Progress goes to standard error.`;

const WRONG_CALL = 2;
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

// Standard output is for the outcome alone, whatever the scripts below or a library have to say.
const print = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

await runMain(async () => {
  const call = readCall();
  if (typeof call === 'string') {
    process.stderr.write(`${call}\n`);
    return WRONG_CALL;
  }
  if (call.isHelp) return void print(`${help}\n`);
  await ensureRuntime();
  // All that runs is thrown away in any case, so there is nothing to wait for.
  for (const [signal, code] of Object.entries(EXIT_CODES)) process.on(signal, () => process.exit(code));
  if (!process.features.typescript) throw new OperatorError('The benchmarks need Node 22.18 or newer.');
  const { BenchCallError } = await import('../bench/lib/benchmark.ts');
  const { checkName, listBenchmarks, runBench } = await import('../bench/lib/run-bench.ts');
  const directory = join(projectRoot, 'bench');
  if (call.name === undefined) return void print(await listBenchmarks(directory));
  const startedAt = performance.now();
  const report = (/** @type {string} */ line) => {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    process.stderr.write(`  ${seconds.padStart(4)} s  ${line}\n`);
  };
  try {
    checkName(directory, call.name);
    await build();
    return await runBench(directory, call.name, call, { print, report });
  } catch (error) {
    if (!(error instanceof BenchCallError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return WRONG_CALL;
  }
});

/** The command line; a text if it is wrong. */
function readCall() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        seconds: { type: 'string' },
        quick: { type: 'boolean' },
        rows: { type: 'string' },
        only: { type: 'string', multiple: true },
        profile: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
    const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
    if (seconds !== undefined && !(seconds > 0 && seconds <= 3600)) {
      return '--seconds: must be a number above 0, at most 3600.\nSee --help.';
    }
    const rows = values.rows === undefined ? undefined : Number(values.rows);
    if (rows !== undefined && !(Number.isInteger(rows) && rows >= 1_000 && rows <= 1_000_000_000)) {
      return '--rows: must be a whole number, at least 1000.\nSee --help.';
    }
    if (positionals.length > 1) return 'Only one benchmark runs at a time.\nSee --help.';
    return {
      name: positionals[0],
      isHelp: values.help ?? false,
      isJson: values.json ?? false,
      isQuick: values.quick ?? false,
      seconds,
      rows,
      only: values.only ?? [],
      profileDirectory: values.profile === undefined ? undefined : resolve(values.profile),
    };
  } catch (error) {
    return describeError(error);
  }
}

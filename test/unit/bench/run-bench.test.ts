import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BenchCallError } from '../../../bench/lib/benchmark.ts';
import { listBenchmarks, runBench } from '../../../bench/lib/run-bench.ts';

const settings = {
  seconds: undefined,
  rows: undefined,
  only: [],
  isQuick: true,
  profileDirectory: undefined,
};
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'benchmarks-'));
  writeBenchmark('good', 90);
  writeBenchmark('poor', 110);
});

afterAll(() => rmSync(directory, { recursive: true }));

/** A benchmark that measures this many milliseconds against a goal of a hundred. */
function writeBenchmark(name: string, value: number): void {
  const goal = { name: 'time', value, unit: 'ms', goal: '<= 100', met: value <= 100 };
  const tables = [{ title: 'Times', rows: [{ variant: 'a', ms: value }] }];
  writeFileSync(
    join(directory, `${name}.bench.ts`),
    `export default { name: '${name}', description: 'how ${name} it is', run: async ({ report }) => {
       report('half done');
       return ${JSON.stringify({ tables, goals: [goal] })};
     } };`,
  );
}

async function run(name: string, isJson = false) {
  let printed = '';
  const reported: string[] = [];
  const code = await runBench(
    directory,
    name,
    { ...settings, isJson },
    { print: (text) => void (printed += text), report: (line) => void reported.push(line) },
  );
  return { code, printed, reported };
}

describe('the benchmarks of a directory', () => {
  it('are listed with a line each', async () => {
    const lines = (await listBenchmarks(directory)).split('\n');
    expect(lines.slice(1)).toEqual(['good       how good it is', 'poor       how poor it is', '']);
  });

  it('refuse a name that none has, and tell those there are', async () => {
    await expect(run('../good')).rejects.toThrow(
      new BenchCallError("There is no benchmark '../good'. There are: good, poor."),
    );
  });
});

describe('the run of a benchmark', () => {
  it('prints its table and goals, and succeeds if they are met', async () => {
    const { code, printed, reported } = await run('good');
    expect(code).toBe(0);
    expect(printed).toContain('variant  ms\na        90\n');
    expect(printed).toMatch(/^yes +time +90 +<= 100 +ms$/m);
    expect(reported).toEqual(['half done']);
  });

  it('fails with 1 if a goal is missed', async () => {
    const { code, printed } = await run('poor');
    expect(code).toBe(1);
    expect(printed).toMatch(/^NO +time +110/m);
  });

  it('prints one JSON document if asked', async () => {
    const { code, printed } = await run('poor', true);
    expect(code).toBe(1);
    expect(JSON.parse(printed)).toEqual({
      name: 'poor',
      machine: expect.objectContaining({ cores: expect.any(Number), node: process.versions.node }),
      started_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      duration_s: expect.any(Number),
      rows: [{ table: 'Times', variant: 'a', ms: 110 }],
      goals: [{ name: 'time', value: 110, unit: 'ms', goal: '<= 100', met: false }],
    });
  });
});

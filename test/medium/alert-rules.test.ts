import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  dockerFiles,
  expressionsOf,
  prometheusDirectory,
  readAlertRules,
  readBoards,
} from '../factories/monitoring-files.js';
import { prometheusProgram } from '../factories/prometheus.js';

const run = promisify(execFile);

/** Returns what promtool said. @throws with it, if it is not content. */
async function promtool(...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(prometheusProgram('promtool'), args);
  return stdout + stderr;
}

describe('Prometheus', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(process.env['TEST_RUN_DIRECTORY'] ?? tmpdir(), 'rules-'));
    await cp(prometheusDirectory, directory, { recursive: true });
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('takes the configuration with its rules', async () => {
    const said = await promtool('check', 'config', '--syntax-only', join(directory, 'prometheus.yml'));
    expect(said).toContain('is valid prometheus config file');
    const rules = await promtool('check', 'rules', ...dockerFiles('prometheus/rules'));
    const counts = [...rules.matchAll(/SUCCESS: (\d+) rules found/g)].map((match) => Number(match[1]));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(readAlertRules().length);
  });

  it.each(dockerFiles('prometheus/tests'))('fires as %s says, and not otherwise', async (cases) => {
    expect(await promtool('test', 'rules', cases)).toContain('SUCCESS');
  });

  it('would find a rule that is wrong', async () => {
    const wrong = join(directory, 'tests', 'wrong.test.yml');
    await writeFile(
      wrong,
      `rule_files: [../rules/saves.yml]
tests:
  - interval: 15s
    input_series: [{ series: lockkeeper_parked_conversations, values: '0x20' }]
    promql_expr_test:
      - { eval_time: 4m, expr: 'ALERTS{alertstate="firing"}', exp_samples: [{ labels: ALERTS, value: 1 }] }
`,
    );
    await expect(promtool('test', 'rules', wrong)).rejects.toThrow(/FAILED/);
  });

  it('understands every expression of the boards', async () => {
    const expressions = readBoards().flatMap(expressionsOf);
    expect(expressions.length).toBeGreaterThan(80);
    // As rules, since promtool checks those.
    const rules = expressions.map((expr, index) => ({ record: `expression:number_${index}`, expr }));
    const file = join(directory, 'boards.yml');
    await writeFile(file, JSON.stringify({ groups: [{ name: 'boards', rules }] }));
    expect(await promtool('check', 'rules', file)).toContain(`${expressions.length} rules found`);
  });
});

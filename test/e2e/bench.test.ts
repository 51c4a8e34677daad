import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readJson } from '../../scripts/lib/files.mjs';
import { isRunning } from '../../scripts/lib/processes.mjs';
import { projectRoot } from '../../scripts/lib/project.mjs';
import { waitUntil } from '../factories/wait.js';

interface Run {
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  /** The exit code. */
  ended: Promise<number | null>;
}

const directories: string[] = [];
const runs: Run[] = [];

afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.kill('SIGTERM');
    await run.ended;
  }
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** Runs `npm run bench` without npm, keeping its temporary files in a directory of its own. */
function startBench(temporary: string, ...args: string[]): Run {
  const child = spawn(process.execPath, [join(projectRoot, 'scripts', 'bench.mjs'), ...args], {
    env: { ...process.env, TMPDIR: temporary },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const run: Run = {
    stdout: () => stdout,
    stderr: () => stderr,
    kill: (signal) => void child.kill(signal),
    ended: new Promise((resolve) => child.once('close', resolve)),
  };
  runs.push(run);
  return run;
}

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  directories.push(directory);
  return directory;
}

/** The record that private servers keep of themselves. */
function startedServers(directory: string): { pid: number; started: string }[] {
  const record = readJson(join(directory, 'owner.json')) as {
    servers: { pid: number; started: string }[];
  } | null;
  return record?.servers ?? [];
}

describe('npm run bench', () => {
  it('lists the benchmarks without starting anything', async () => {
    const temporary = temporaryDirectory();
    const run = startBench(temporary);
    expect(await run.ended).toBe(0);
    expect(run.stdout()).toMatch(/^chat +\S/m);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it.each([
    [['no-such-benchmark']],
    [['chat', '--seconds', 'none']],
    [['chat', '--wrong']],
    [['tasks', '--only', 'none']],
  ])('answers the wrong call %j with 2', async (args) => {
    const run = startBench(temporaryDirectory(), ...args);
    expect(await run.ended).toBe(2);
    expect(run.stdout()).toBe('');
    expect(run.stderr()).not.toContain('    at ');
  });

  it.each(['chat', 'saves', 'monitoring'])(
    'runs the %s benchmark on the built product, and prints nothing but its document',
    async (name) => {
      const temporary = temporaryDirectory();
      const run = startBench(temporary, name, '--quick', '--seconds', '0.5', '--json');
      // Goals of time may be missed on a busy machine; those of correctness may not.
      expect(await run.ended, run.stderr()).toBeLessThan(2);
      const document = JSON.parse(run.stdout()) as {
        name: string;
        goals: { unit: string; met: boolean; name: string }[];
      };
      expect(document.name).toBe(name);
      const correctness = document.goals.filter(({ unit }) => ['turns', 'rows', 'errors'].includes(unit));
      expect(correctness).toHaveLength(4);
      expect(correctness.filter(({ met }) => !met)).toEqual([]);
      expect(readdirSync(temporary)).toEqual([]);
    },
    240_000,
  );

  it('runs the parts of the tasks benchmark that are named, and no other', async () => {
    const temporary = temporaryDirectory();
    const run = startBench(temporary, 'tasks', '--quick', '--only', 'fairness', '--only', 'upload', '--json');
    expect(await run.ended, run.stderr()).toBeLessThan(2);
    const document = JSON.parse(run.stdout()) as { goals: { name: string; value: number }[] };
    expect(document.goals.map(({ name }) => name)).toEqual([
      'growth of the API while a large file comes in',
      'of the flood before a lone task, most (4 of a user run)',
      'of the flood before a lone task, most (as many as workers take)',
    ]);
    for (const { value } of document.goals) expect(value).toBeGreaterThanOrEqual(0);
    expect(readdirSync(temporary)).toEqual([]);
  }, 240_000);

  it('leaves no process and no file behind when it is interrupted', async () => {
    const temporary = temporaryDirectory();
    const run = startBench(temporary, 'chat', '--quick');
    // MariaDB, Redis and the API.
    const servers = await waitUntil(
      'the API starts',
      () => {
        const started = readdirSync(temporary).flatMap((name) => startedServers(join(temporary, name)));
        return started.length >= 3 && started;
      },
      60_000,
    );
    run.kill('SIGINT');
    expect(await run.ended).toBe(130);
    await waitUntil('all processes are gone', () => !servers.some(isRunning));
    expect(readdirSync(temporary)).toEqual([]);
  });
});

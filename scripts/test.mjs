import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './lib/build.mjs';
import { readJson } from './lib/files.mjs';
import { Interrupted, interruption, throwIfInterrupted, untilInterrupted } from './lib/interruption.mjs';
import { runProgram } from './lib/processes.mjs';
import { projectRoot } from './lib/project.mjs';
import { ensureRuntime } from './lib/runtime.mjs';
import { ensureServerPrograms } from './lib/server-programs.mjs';
import { runMain, say, step } from './lib/terminal.mjs';
import { startTestServers } from './lib/test-servers.mjs';
import { countReport, countWithSecondTry, describeFailures, failedFiles } from './lib/test-report.mjs';

const help = `npm test -- [options] [file ...]

Runs every check and test against private, throw-away servers. The last line is "N passed, N failed".
Files that fail are run once more by themselves; a test that passes then is told as flaky, which is a fault to mend.

  file              only the test files whose path contains this; no checks
  --project NAME    only this kind: unit, medium, e2e or browser (may be repeated); no checks
  -t, --name TEXT   only tests whose name matches; no checks
  --keep            leave the servers running at the end until Ctrl-C, and say where they are`;

const PROJECTS = ['unit', 'medium', 'e2e', 'browser'];
const CHECK_TIMEOUT_MS = 5 * 60_000;
const PROJECT_TIMEOUT_MS = 35 * 60_000;
/** More than so many files do not fail by chance. */
const MAX_FILES_TRIED_AGAIN = 3;
const INTERRUPT_GRACE_MS = 10_000;

/** @typedef {{ passed: number, failed: number, failures: string[] }} Tally */

await runMain(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      project: { type: 'string', multiple: true },
      name: { type: 'string', short: 't' },
      keep: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return say(help);
  await ensureRuntime();
  const isPartial = positionals.length > 0 || values.project !== undefined || values.name !== undefined;
  const projects = values.project ?? PROJECTS;
  await ensureServerPrograms(['mariadb', 'redis', 'nginx', 'curl', 'prometheus']);
  if (projects.includes('browser')) await ensureServerPrograms(['chromium']);
  const servers = await step('Starting private servers', () => startTestServers());
  /** @type {Tally[]} */
  const tallies = [];
  if (!isPartial) tallies.push(...(await runChecks()));
  tallies.push(await count(() => build()));
  const filters = [...positionals, ...(values.name ? ['-t', values.name] : [])];
  for (const project of projects) {
    tallies.push(await runProject(project, filters, servers));
  }
  if (values.keep) await keepServers(servers);
  servers.stop();
  const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
  const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
  for (const failure of tallies.flatMap((tally) => tally.failures)) say(`\n${failure}`);
  say(`\n${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
});

/**
 * The steps of `npm run check`, each counting as one test.
 * @returns {Promise<Tally[]>}
 */
async function runChecks() {
  const scripts = readJson(join(projectRoot, 'package.json')).scripts;
  const names = Object.keys(scripts).filter((name) => name.startsWith('check:'));
  const tallies = [];
  for (const name of names) tallies.push(await count(() => step(name, () => runCheck(scripts[name]))));
  return tallies;
}

/** @param {string} command */
async function runCheck(command) {
  const path = `${join(projectRoot, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`;
  const result = await runProgram('/bin/sh', ['-c', command], {
    cwd: projectRoot,
    env: { ...process.env, PATH: path },
    timeoutMs: CHECK_TIMEOUT_MS,
  });
  if (result.code !== 0) throw new Error(result.output.trimEnd());
}

/**
 * Counts one piece of work as one test.
 * @param {() => Promise<unknown>} work
 * @returns {Promise<Tally>}
 */
async function count(work) {
  try {
    await work();
    return { passed: 1, failed: 0, failures: [] };
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    const message = error instanceof Error ? error.message : String(error);
    say(message);
    return { passed: 0, failed: 1, failures: [message] };
  }
}

/**
 * @param {string} project
 * @param {string[]} filters
 * @param {{ directory: string, env: Record<string, string> }} servers
 * @returns {Promise<Tally>}
 */
async function runProject(project, filters, servers) {
  say(`\n${project} tests`);
  const { results, code } = await runTests(project, filters, servers, project);
  const failures = describeFailures(results, code);
  const files = failedFiles(results);
  const isTriedAgain = filters.length === 0 && files.length > 0 && files.length <= MAX_FILES_TRIED_AGAIN;
  if (!isTriedAgain) return { ...countReport(results, code), failures };
  say(`\n${project} tests that failed, once more by themselves`);
  const second = await runTests(project, files, servers, `${project}-again`);
  const tally = countWithSecondTry(results, second.results, second.code);
  const told = failures.map((failure) => `${tally.failed === 0 ? 'FLAKY, mend it: ' : ''}${failure}`);
  return { ...tally, failures: [...told, ...describeFailures(second.results, second.code)] };
}

/**
 * @param {string} project
 * @param {string[]} filters
 * @param {{ directory: string, env: Record<string, string> }} servers
 * @param {string} name of the report
 */
async function runTests(project, filters, servers, name) {
  const report = join(servers.directory, `${name}.json`);
  const args = ['run', '--project', project, '--passWithNoTests', ...filters];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await runVitest([...args, ...reporters], { ...process.env, ...servers.env });
  throwIfInterrupted();
  return { results: readJson(report), code };
}

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number | null>} the exit code, null when it was killed
 */
function runVitest(args, env) {
  return new Promise((resolve) => {
    const vitest = join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs');
    const child = spawn(process.execPath, [vitest, ...args], {
      cwd: projectRoot,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), PROJECT_TIMEOUT_MS);
    interruption.addEventListener('abort', () => {
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), INTERRUPT_GRACE_MS);
    });
    child.on('error', () => resolve(null));
    child.on('exit', (code) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
}

/** @param {{ directory: string, env: Record<string, string> }} servers */
async function keepServers({ directory, env }) {
  say(`\nThe servers in ${directory} run on until Ctrl-C:`);
  for (const [name, value] of Object.entries(env)) say(`export ${name}=${value}`);
  await untilInterrupted();
}

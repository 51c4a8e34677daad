/**
 * Brings what the other scripts stand on: the Node modules of the lock file, and the Node they bring.
 * Runs on the system's Node, before anything is installed.
 */
import { spawn } from 'node:child_process';
import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findProgram, readJson } from './files.mjs';
import { interruption } from './interruption.mjs';
import { runProgram } from './processes.mjs';
import { projectRoot } from './project.mjs';
import { OperatorError, say, step } from './terminal.mjs';

const MINIMUM_NODE = [22, 13];
const INSTALL_TIMEOUT_MS = 15 * 60_000;
const modules = join(projectRoot, 'node_modules');
const pinnedNode = join(modules, '.bin', 'node');

/**
 * Makes sure that the rest runs on the right Node with the right modules: installs the modules if they are
 * missing or the lock file changed, then goes on in the Node they bring, if that is not this one.
 * @returns {Promise<void>} only in the right Node
 */
export async function ensureRuntime() {
  const problem = modulesProblem();
  if (problem && isLink(modules)) say(`Warning: ${problem}; node_modules is a link, so it is left as it is.`);
  else if (problem) await step(`Installing Node modules (${problem})`, installModules);
  if (existsSync(pinnedNode) && realpathSync(pinnedNode) !== realpathSync(process.execPath)) {
    await continueInPinnedNode();
  }
  if (!isNodeSupported()) {
    throw new OperatorError(
      `Lockkeeper needs Node ${MINIMUM_NODE.join('.')} or newer on this platform ` +
        `(${process.platform} ${process.arch}); this is ${process.version}.`,
    );
  }
}

/** @returns {boolean} whether the Node that runs this can run the product */
export function isNodeSupported(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = MINIMUM_NODE;
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/**
 * Compares the lock file with the record npm keeps of what it installed.
 * @param {string} [root]
 * @returns {string | null} what is out of step, or null
 */
export function modulesProblem(root = projectRoot) {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages;
  if (!wanted) throw new OperatorError(`There is no readable package-lock.json in ${root}.`);
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (!installed) return 'they are missing';
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = installed[path];
    if (!found && !entry.optional && !entry.devOptional && !entry.peer) return `${path} is missing`;
    if (found && (found.version !== entry.version || found.integrity !== entry.integrity)) {
      return `${path} differs from the lock file`;
    }
  }
  return null;
}

async function installModules() {
  // npm replaces node_modules, so neither it nor what it starts may come from there.
  const directories = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((part) => !part.includes('node_modules'));
  const npm = findProgram(['npm'], directories);
  if (!npm) throw new OperatorError('npm was not found on the PATH.');
  const result = await runProgram(npm, ['ci', '--no-audit', '--no-fund', '--include=dev'], {
    cwd: projectRoot,
    env: { ...process.env, PATH: directories.join(delimiter), NODE_ENV: 'development' },
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  if (result.code !== 0) throw new OperatorError(`npm ci failed:\n${result.output}`);
}

/** Starts this very command again in the pinned Node and ends with its exit code; an interruption is passed on. */
function continueInPinnedNode() {
  return new Promise((_, reject) => {
    const path = `${join(modules, '.bin')}${delimiter}${process.env['PATH'] ?? ''}`;
    const child = spawn(pinnedNode, [...process.execArgv, ...process.argv.slice(1)], {
      stdio: 'inherit',
      env: { ...process.env, PATH: path },
    });
    interruption.addEventListener('abort', () => child.kill('SIGTERM'));
    child.on('error', reject);
    child.on('exit', (code) => process.exit(code === 143 ? interruptedCode() : (code ?? 1)));
  });
}

/** The exit code of the signal that came here, which the child got as SIGTERM. */
function interruptedCode() {
  return interruption.aborted ? interruption.reason.exitCode : 143;
}

/** @param {string} path */
function isLink(path) {
  return existsSync(path) && lstatSync(path).isSymbolicLink();
}

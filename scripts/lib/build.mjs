import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { runProgram } from './processes.mjs';
import { projectRoot } from './project.mjs';
import { OperatorError, step } from './terminal.mjs';

const dist = join(projectRoot, 'dist');
const stampPath = join(dist, '.build-stamp');
/** The hash of what `dist/console` was made of; not inside of it, since all that is there is served. */
const CONSOLE_STAMP = '.console-stamp';
const BUILD_TIMEOUT_MS = 5 * 60_000;

/**
 * Files that are copied into dist as they are: from (below the project's root), to (below dist).
 * @type {ReadonlyArray<{ from: string, to: string }>}
 */
const assets = [
  { from: 'node_modules/redoc/bundles/redoc.standalone.js', to: 'assets/redoc/redoc.standalone.js' },
  {
    from: 'node_modules/redoc/bundles/redoc.standalone.js.LICENSE.txt',
    to: 'assets/redoc/redoc.standalone.js.LICENSE.txt',
  },
  { from: 'node_modules/redoc/LICENSE', to: 'assets/redoc/LICENSE' },
];

const sharedInputs = ['package-lock.json', 'package.json', 'tsconfig.json', 'scripts/lib/build.mjs'];
const serverInputs = ['tsconfig.build.json'];

/**
 * Compiles src and console to dist unless dist is up to date. The new dist replaces the old one in one step, and only
 * when it is complete.
 * @param {{ isForced?: boolean }} [options]
 * @returns {Promise<boolean>} whether it was built
 */
export async function build({ isForced = false } = {}) {
  if (!isForced && isBuildFresh()) return false;
  await step('Building', compile);
  return true;
}

/** @returns {boolean} whether dist is what the sources make */
export function isBuildFresh() {
  return existsSync(stampPath) && readFileSync(stampPath, 'utf8') === sourcesHash();
}

async function compile() {
  const hash = sourcesHash();
  const fresh = join(projectRoot, `dist.new-${process.pid}`);
  const old = join(projectRoot, `dist.old-${process.pid}`);
  try {
    await run('typescript7/bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', fresh]);
    await buildConsole(fresh);
    for (const { from, to } of assets) cpSync(join(projectRoot, from), join(fresh, to), { recursive: true });
    writeFileSync(join(fresh, '.build-stamp'), hash);
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

/**
 * Brings the console into a new dist: the one that is there if it is up to date, since building it takes longer
 * than all the rest.
 * @param {string} fresh
 */
async function buildConsole(fresh) {
  const hash = consoleHash();
  const stamp = join(dist, CONSOLE_STAMP);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) {
    cpSync(join(dist, 'console'), join(fresh, 'console'), { recursive: true });
  } else {
    await run('vite/bin/vite.js', [
      'build',
      'console',
      '--logLevel',
      'warn',
      '--outDir',
      join(fresh, 'console'),
    ]);
  }
  writeFileSync(join(fresh, CONSOLE_STAMP), hash);
}

/**
 * Runs a program of a Node module.
 * @param {string} program below node_modules
 * @param {string[]} args
 * @throws {OperatorError} with what it said
 */
async function run(program, args) {
  const path = join(projectRoot, 'node_modules', program);
  const result = await runProgram(process.execPath, [path, ...args], {
    cwd: projectRoot,
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  if (result.code !== 0) throw new OperatorError(`The build failed:\n${result.output.trimEnd()}`);
}

/** @returns {string} a hash of everything that decides what dist holds */
function sourcesHash() {
  return hashOf([...filesBelow('src'), ...inputs(serverInputs)], consoleHash());
}

/** @returns {string} a hash of everything that decides what dist/console holds */
function consoleHash() {
  return hashOf([...filesBelow('console'), ...inputs(sharedInputs)]);
}

/** @param {string[]} names */
function inputs(names) {
  return names.map((name) => join(projectRoot, name));
}

/**
 * @param {string[]} files
 * @param {string} [seed]
 */
function hashOf(files, seed = '') {
  const hash = createHash('sha256').update(seed);
  for (const path of files) {
    const content = readFileSync(path);
    hash.update(`${relative(projectRoot, path)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/**
 * @param {string} name
 * @returns {string[]}
 */
function filesBelow(name) {
  const directory = join(projectRoot, name);
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { runProgram } from './processes.mjs';
import { projectRoot } from './project.mjs';
import { OperatorError, step } from './terminal.mjs';

const dist = join(projectRoot, 'dist');
const stampPath = join(dist, '.build-stamp');
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

/**
 * Compiles src to dist unless dist is up to date. The new dist replaces the old one in one step, and only
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
    const compiler = join(projectRoot, 'node_modules', 'typescript7', 'bin', 'tsc');
    const args = [compiler, '-p', 'tsconfig.build.json', '--outDir', fresh];
    const result = await runProgram(process.execPath, args, {
      cwd: projectRoot,
      timeoutMs: BUILD_TIMEOUT_MS,
    });
    if (result.code !== 0) throw new OperatorError(`The build failed:\n${result.output.trimEnd()}`);
    for (const { from, to } of assets) cpSync(join(projectRoot, from), join(fresh, to), { recursive: true });
    writeFileSync(join(fresh, '.build-stamp'), hash);
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

/** @returns {string} a hash of everything that decides what dist holds */
function sourcesHash() {
  const hash = createHash('sha256');
  const files = [
    ...filesBelow(join(projectRoot, 'src')),
    ...[
      'package-lock.json',
      'package.json',
      'tsconfig.json',
      'tsconfig.build.json',
      'scripts/lib/build.mjs',
    ].map((name) => join(projectRoot, name)),
  ];
  for (const path of files) {
    const content = readFileSync(path);
    hash.update(`${relative(projectRoot, path)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/**
 * @param {string} directory
 * @returns {string[]}
 */
function filesBelow(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

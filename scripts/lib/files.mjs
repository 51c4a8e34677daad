import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/**
 * Replaces a file so that a crash leaves the old content or the new, never a part of it.
 * @param {string} path
 * @param {string} content
 * @param {number} [mode] readable by its owner alone unless said otherwise
 */
export function writeFileAtomic(path, content, mode = 0o600) {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, 'w', mode);
  try {
    writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  chmodSync(temporary, mode);
  renameSync(temporary, path);
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/**
 * @param {string} path
 * @returns {any} the parsed content, or null when there is no such file or it holds no JSON
 */
export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * Makes a directory that nobody else can look into.
 * @param {string} path
 */
export function makePrivateDirectory(path) {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/**
 * Looks programs up as a shell would.
 * @param {string[]} names the first that exists wins
 * @param {string[]} directories
 * @returns {string | null} absolute path
 */
export function findProgram(names, directories) {
  for (const name of names) {
    for (const directory of directories) {
      const path = join(directory, name);
      try {
        accessSync(path, constants.X_OK);
        if (statSync(path).isFile()) return path;
      } catch {
        // not here
      }
    }
  }
  return null;
}

/**
 * Where programs are looked up: the PATH, then the usual places of server programs, which the PATH of an
 * ordinary user often lacks.
 * @returns {string[]}
 */
export function programDirectories() {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((part) => part !== '');
  return [
    ...onPath,
    '/usr/sbin',
    '/usr/local/sbin',
    '/usr/local/bin',
    '/usr/bin',
    '/usr/libexec',
    '/opt/homebrew/bin',
    '/opt/homebrew/sbin',
  ];
}

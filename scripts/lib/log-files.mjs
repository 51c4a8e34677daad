import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  appendFileSync,
} from 'node:fs';

const POLL_MS = 200;
const CHUNK_BYTES = 256 * 1024;

/**
 * Follows a log file that other processes append to, hands on its lines, and bounds its size: past the limit
 * the content moves to `path.1`, `path.1` to `path.2` and so on, and the oldest is dropped. The processes
 * write to the file themselves, so that nothing is lost, and nobody waits, when the follower dies.
 */
export class LogFile {
  #path;
  #onLine;
  #limitBytes;
  #kept;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #file;
  #offset;
  #rest = '';

  /**
   * @param {string} path
   * @param {(line: string) => void} onLine called for each line written from now on
   * @param {{ limitBytes?: number, kept?: number }} [options] `kept` is the number of older files
   */
  constructor(path, onLine, { limitBytes = 20 * 1024 * 1024, kept = 4 } = {}) {
    this.#path = path;
    this.#onLine = onLine;
    this.#limitBytes = limitBytes;
    this.#kept = kept;
    this.#file = openSync(path, 'a+', 0o600);
    this.#offset = statSync(path).size;
    this.#timer = setInterval(() => this.poll(), POLL_MS);
  }

  get path() {
    return this.#path;
  }

  /** The descriptor a child process appends to. */
  get descriptor() {
    return this.#file;
  }

  /** Hands on what was written since the last time. */
  poll() {
    this.#readOn();
    if (this.#offset > this.#limitBytes) this.#rotate();
  }

  /** Hands on what is left and closes the file. */
  close() {
    clearInterval(this.#timer);
    this.#readOn();
    if (this.#rest !== '') this.#onLine(this.#rest);
    closeSync(this.#file);
  }

  #readOn() {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const length = readSync(this.#file, buffer, 0, CHUNK_BYTES, this.#offset);
      if (length === 0) return;
      this.#offset += length;
      // Latin-1 keeps each byte apart, so that a character cut in two by the chunk is whole again below.
      const lines = (this.#rest + buffer.toString('latin1', 0, length)).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.#onLine(Buffer.from(line, 'latin1').toString('utf8'));
    }
  }

  /** The writers hold the file open, so its content is copied away and the file is emptied under them. */
  #rotate() {
    for (let age = this.#kept - 1; age >= 1; age--) {
      if (existsSync(`${this.#path}.${age}`)) renameSync(`${this.#path}.${age}`, `${this.#path}.${age + 1}`);
    }
    const older = `${this.#path}.1`;
    copyFileSync(this.#path, older);
    const copied = statSync(older).size;
    const size = fstatSync(this.#file).size;
    const late = Buffer.alloc(size - copied);
    readSync(this.#file, late, 0, late.length, copied);
    ftruncateSync(this.#file, 0);
    appendFileSync(older, late);
    this.#offset = 0;
  }
}

/** pino's names of the levels that are always shown. */
const SEVERE = new Set(['warn', 'error', 'fatal']);

/**
 * One log line of a process as a line for the terminal.
 * @param {string} source the process's name
 * @param {string} line a pino JSON line (level by name, `time` as ISO 8601), or any text
 * @param {{ isVerbose: boolean }} options otherwise only warnings, errors and what is no log line
 * @returns {string | null} null when it is not to be shown
 */
export function formatLogLine(source, line, { isVerbose }) {
  if (line.trim() === '') return null;
  const entry = parseEntry(line);
  if (!entry) return `[${source}] ${line}`;
  if (!isVerbose && !SEVERE.has(entry.level)) return null;
  const time = new Date(entry.time).toTimeString().slice(0, 8);
  const error = entry.err ? `: ${entry.err.stack ?? entry.err.message ?? ''}` : '';
  const id = entry.error_id ? ` (error_id ${entry.error_id})` : '';
  return `${time} ${entry.level.toUpperCase()} [${source}] ${entry.msg ?? ''}${error}${id}`;
}

/** @param {string} line */
function parseEntry(line) {
  if (!line.startsWith('{')) return null;
  try {
    const entry = JSON.parse(line);
    return typeof entry.level === 'string' && !Number.isNaN(Date.parse(entry.time)) ? entry : null;
  } catch {
    return null;
  }
}

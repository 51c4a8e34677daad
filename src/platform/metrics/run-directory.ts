import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What Linux takes as the path of a Unix socket, less the byte that ends it. */
const MAX_SOCKET_PATH_BYTES = 107;
const LONGEST_NAME = '/worker-999-before.sock';
const OWNER_ONLY = 0o700;

/** What the place of the run directory follows from. */
export interface RunDirectorySettings {
  /** As configured, if it is. */
  readonly runDir: string | undefined;
  readonly dataDir: string;
  readonly databaseUrl: string;
}

/**
 * The directory in which the processes that work on one database find each other, made if need be, for this user
 * alone. By default it is below the data directory, or, where that path is too long for a socket, in the system's
 * temporary directory.
 * @throws if the configured path is too long, or the directory cannot be made or is somebody else's.
 */
export function openRunDirectory({ runDir, dataDir, databaseUrl }: RunDirectorySettings): string {
  const directory = runDir === undefined ? defaultDirectory(dataDir, databaseUrl) : resolve(runDir);
  if (!isShortEnough(directory)) {
    const limit = MAX_SOCKET_PATH_BYTES - LONGEST_NAME.length;
    throw new Error(
      `LOCKKEEPER_RUN_DIR is too long for the paths of sockets: ${directory} has more than ${limit} bytes.`,
    );
  }
  mkdirSync(directory, { recursive: true, mode: OWNER_ONLY });
  const uid = process.getuid?.();
  // In a directory that all may write to, somebody else may have been first.
  if (uid !== undefined && lstatSync(directory).uid !== uid) {
    throw new Error(`The directory ${directory} belongs to another user: set LOCKKEEPER_RUN_DIR.`);
  }
  return directory;
}

/** Installations with databases of their own may share a data directory; their processes must not be mixed up. */
function defaultDirectory(dataDir: string, databaseUrl: string): string {
  const { host, pathname } = new URL(databaseUrl);
  const directory = resolve(dataDir, 'sockets', shortHash(host + pathname));
  if (isShortEnough(directory)) return directory;
  return join(tmpdir(), `lockkeeper-${shortHash(`${process.getuid?.()} ${directory}`)}`);
}

function isShortEnough(directory: string): boolean {
  return Buffer.byteLength(directory) + LONGEST_NAME.length <= MAX_SOCKET_PATH_BYTES;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 10);
}

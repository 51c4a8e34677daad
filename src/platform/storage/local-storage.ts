import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ByteRange, checkKey, FileStorage, type StoredBytes } from './file-storage.js';
import { HashedBytes } from './hashed-bytes.js';
import { StoredBytesMissingError, storageFull, storageUnavailable } from './storage.errors.js';

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
const READ_BYTES = 256 * 1024;
/** So many letters at the end of a key, which are random in an id, name the folder that it is in. */
const FOLDER_LETTERS = 2;

/** No space, no quota left, or a larger file than the file system takes. */
const FULL_CODES = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** Keeps bytes as files below a directory of this machine, or of a file system that all machines share. */
export class LocalStorage extends FileStorage {
  private readonly root: string;

  constructor(directory: string) {
    super();
    this.root = resolve(directory);
  }

  override async put(
    key: string,
    source: Readable,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<StoredBytes> {
    const path = this.pathOf(key);
    const hashed = new HashedBytes();
    try {
      await mkdir(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
      await writeWhole(partOf(path), source, hashed, signal);
      await rename(partOf(path), path);
      // Without this a crash of the machine could forget the name of a file that was told to be there.
      await syncDirectory(dirname(path));
      return hashed.finish();
    } catch (error) {
      const cause = signal?.aborted ? signal.reason : (hashed.sourceError ?? inOurWords(error));
      source.destroy();
      await rm(partOf(path), { force: true }).catch(() => undefined);
      throw cause;
    }
  }

  override async open(key: string, range?: ByteRange): Promise<Readable> {
    const handle = await this.reach(key, (path) => open(path, 'r'));
    return handle.createReadStream({ ...range, highWaterMark: READ_BYTES });
  }

  override async stat(key: string): Promise<{ bytes: number } | undefined> {
    try {
      const { size } = await this.reach(key, (path) => stat(path));
      return { bytes: size };
    } catch (error) {
      if (error instanceof StoredBytesMissingError) return undefined;
      throw error;
    }
  }

  override async remove(key: string): Promise<void> {
    await this.reach(key, async (path) => {
      await rm(partOf(path), { force: true });
      await rm(path, { force: true });
    });
  }

  private pathOf(key: string): string {
    checkKey(key);
    return join(this.root, key.slice(-FOLDER_LETTERS), key);
  }

  private async reach<T>(key: string, act: (path: string) => Promise<T>): Promise<T> {
    try {
      return await act(this.pathOf(key));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') throw new StoredBytesMissingError(key, { cause: error });
      throw inOurWords(error);
    }
  }
}

/** Where a file is while it is written. */
function partOf(path: string): string {
  return `${path}.part`;
}

async function writeWhole(
  path: string,
  source: Readable,
  hashed: HashedBytes,
  signal: AbortSignal | undefined,
): Promise<void> {
  const handle = await open(path, 'w', FILE_MODE);
  try {
    await pipeline(source, (pieces) => writePieces(handle, hashed.count(pieces)), {
      ...(signal && { signal }),
    });
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writePieces(handle: FileHandle, pieces: AsyncIterable<Buffer>): Promise<void> {
  for await (const piece of pieces) await handle.appendFile(piece);
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** Errors of the file system as those of a storage; any other as it is. */
function inOurWords(error: unknown): unknown {
  if ((error as NodeJS.ErrnoException | undefined)?.syscall === undefined) return error;
  return FULL_CODES.has(codeOf(error) ?? '')
    ? storageFull({ cause: error, retryAfterSeconds: 60 })
    : storageUnavailable({ cause: error, retryAfterSeconds: 5 });
}

import type { Readable } from 'node:stream';

/** What was put: how long it is, and the SHA-256 of it, 32 bytes. */
export interface StoredBytes {
  readonly bytes: number;
  readonly sha256: Buffer;
}

/** Part of what is stored: both ends are counted from 0, and belong to it. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Keeps bytes under keys, in whatever place. A key is put once; to change what is there, take another key. */
export abstract class FileStorage {
  /**
   * Keeps a stream, a piece at a time. What is put can be opened once this resolves, and not before. If it fails, by the
   * stream, the signal or the storage, nothing is left under the key.
   * @param source is destroyed if putting it fails.
   * @throws storage_full, storage_unavailable; the source's error, or the reason of the signal.
   */
  abstract put(key: string, source: Readable, options?: { signal?: AbortSignal }): Promise<StoredBytes>;

  /**
   * What is stored, or a part of it that must lie within; destroy the stream if you do not read it to its end.
   * @throws StoredBytesMissingError, storage_unavailable
   */
  abstract open(key: string, range?: ByteRange): Promise<Readable>;

  /** How long it is; undefined if there is nothing. @throws storage_unavailable */
  abstract stat(key: string): Promise<{ bytes: number } | undefined>;

  /**
   * Removes what is there, and what a put left that was cut off together with its process. Nothing may be there.
   * @throws storage_unavailable
   */
  abstract remove(key: string): Promise<void>;
}

const KEY = /^[0-9a-z][0-9a-z-]{1,63}$/;

/** Keys are ids: they never hold what a client wrote. @throws for another. */
export function checkKey(key: string): void {
  if (!KEY.test(key)) throw new Error(`'${key}' is no key of the storage.`);
}

import { createHash } from 'node:crypto';
import type { StoredBytes } from './file-storage.js';

/** Counts and hashes bytes on their way. */
export class HashedBytes {
  private readonly hash = createHash('sha256');
  private bytes = 0;
  /** What the stream failed by, to tell its failure from one of the storage. */
  sourceError: unknown;

  /** Hands on every piece of a stream once it is counted. */
  async *count(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const iterator = pieces[Symbol.asyncIterator]();
    try {
      for (let next = await this.pull(iterator); !next.done; next = await this.pull(iterator)) {
        this.hash.update(next.value);
        this.bytes += next.value.length;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }

  /** What has gone through. Call it once, at the end. */
  finish(): StoredBytes {
    return { bytes: this.bytes, sha256: this.hash.digest() };
  }

  private async pull(iterator: AsyncIterator<Buffer>): Promise<IteratorResult<Buffer>> {
    try {
      return await iterator.next();
    } catch (error) {
      this.sourceError = error;
      throw error;
    }
  }
}

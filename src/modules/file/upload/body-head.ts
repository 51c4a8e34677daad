import { Readable } from 'node:stream';

/** The first bytes of a stream, and a stream of all of it, those again among them. */
export interface PeekedBody {
  readonly head: Buffer;
  readonly whole: Readable;
}

/** Reads up to `size` bytes of a stream, less if it ends before. The `whole` destroys the stream if it is destroyed. */
export async function peek(source: Readable, size: number): Promise<PeekedBody> {
  const pieces = (source as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  let bytes = 0;
  let isEnded = false;
  while (bytes < size && !isEnded) {
    const next = await pieces.next();
    if (next.done) isEnded = true;
    else {
      first.push(next.value);
      bytes += next.value.length;
    }
  }
  async function* all(): AsyncGenerator<Buffer> {
    try {
      yield* first;
      for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
    } finally {
      source.destroy();
    }
  }
  return {
    head: Buffer.concat(first).subarray(0, size),
    whole: Readable.from(all(), { objectMode: false }),
  };
}

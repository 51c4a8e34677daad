import { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';

const PIECE_CHARACTERS = 65_536;

/**
 * A text as a stream that makes the next piece when the last has been taken. A reader who takes nothing for
 * `patienceMs` is given up. An error destroys the stream, and with it the connection: what has been sent then has no
 * end that could pass for the whole.
 */
export function exportStream(text: AsyncIterable<string>, patienceMs: number): Readable {
  const stream = Readable.from(piecesOf(), { objectMode: false, highWaterMark: PIECE_CHARACTERS });
  const logger = new Logger('Exports');
  stream.once('error', (error) => logger.warn('an export was cut off', { reason: String(error) }));
  return stream;

  async function* piecesOf(): AsyncGenerator<string> {
    for await (const part of text) {
      for (const piece of cut(part)) {
        const patience = setTimeout(
          () => stream.destroy(new Error('The reader of an export has stopped reading.')),
          patienceMs,
        );
        try {
          yield piece;
        } finally {
          clearTimeout(patience);
        }
      }
    }
  }
}

/** Never between the two halves of a character: each piece is encoded by itself. */
function* cut(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    let end = Math.min(text.length, start + PIECE_CHARACTERS);
    if (end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end--;
    yield text.slice(start, end);
    start = end;
  }
}

/** The same parts, of which the first has been read already: what fails at once fails before the answer begins. */
export async function begun<T>(parts: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = parts[Symbol.asyncIterator]();
  const first = await iterator.next();
  async function* all(): AsyncGenerator<T> {
    try {
      for (let next = first; !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return all();
}

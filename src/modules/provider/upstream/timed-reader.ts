/** The time between two items was up. */
export class ReadTimeoutError extends Error {}

/**
 * Reads from `source`, each item within the time that `limitMs` gives for it, and calls `abandon` unless the
 * source was read to its end: when an item takes too long, the source fails or the reader stops early.
 * @throws ReadTimeoutError
 */
export async function* readWithin<T>(
  source: AsyncIterable<T>,
  limitMs: () => number,
  abandon: () => void,
): AsyncIterable<T> {
  const iterator = source[Symbol.asyncIterator]();
  let isAtEnd = false;
  try {
    for (;;) {
      const item = await within(iterator.next(), limitMs());
      isAtEnd = item.done === true;
      if (item.done) return;
      yield item.value;
    }
  } finally {
    if (!isAtEnd) abandon();
  }
}

async function within<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ReadTimeoutError(`Nothing came for ${limitMs} ms.`)), limitMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

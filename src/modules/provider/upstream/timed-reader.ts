/** The time between two items was up. */
export class ReadTimeoutError extends Error {}

/**
 * Reads from `source`, each item within its time, and calls `abandon` when one takes too long, so that the
 * source ends.
 * @throws ReadTimeoutError
 */
export async function* readWithin<T>(
  source: AsyncIterable<T>,
  limitsMs: { first: number; next: number },
  abandon: () => void,
): AsyncIterable<T> {
  const iterator = source[Symbol.asyncIterator]();
  let limitMs = limitsMs.first;
  try {
    for (;;) {
      const item = await within(iterator.next(), limitMs);
      if (item.done) return;
      limitMs = limitsMs.next;
      yield item.value;
    }
  } finally {
    abandon();
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

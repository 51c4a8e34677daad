import { performance } from 'node:perf_hooks';

/** The limit is waited for in this many parts, so that a delay of this process itself shows. */
const PARTS = 5;
/** A process that is late all the time has to come to a verdict, too. */
const MAX_EXCUSED_PARTS = 5;

/** Nothing was heard within the limit. */
export class NoAnswerError extends Error {
  constructor(limitMs: number) {
    super(`no answer within ${limitMs} ms`);
  }
}

/**
 * Waits for an answer from the network for a limited time.
 *
 * A timer that comes due says nothing while this process was busy with something else: the answer may lie in the
 * socket, unread. So time counts only as far as the process could have read it: a part that came late counts as if it
 * had come on time, one that came very late not at all, and before the verdict the sockets are read once more.
 * @throws NoAnswerError, or what the work fails with.
 */
export function answerWithin<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const partMs = limitMs / PARTS;
    let isSettled = false;
    let timer: NodeJS.Timeout | undefined;
    const settle = (finish: () => void) => {
      isSettled = true;
      clearTimeout(timer);
      finish();
    };
    const waitParts = (parts: number, excuses: number) => {
      const dueAt = performance.now() + partMs;
      timer = setTimeout(() => {
        const isVeryLate = performance.now() - dueAt > partMs;
        if (isVeryLate && excuses > 0) waitParts(parts, excuses - 1);
        else if (parts > 1) waitParts(parts - 1, excuses);
        else readSockets(() => isSettled || settle(() => reject(new NoAnswerError(limitMs))));
      }, partMs).unref();
    };
    waitParts(PARTS, MAX_EXCUSED_PARTS);
    work().then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

/** Lets the event loop look at the network: between two immediates lies a whole round of it. */
function readSockets(then: () => void): void {
  setImmediate(() => setImmediate(then));
}

import type { ChangedChat } from '../chat-batch.repository.js';

/** Chats that one transaction changes: some 10 ms of work. */
export const CHATS_A_BATCH = 100;

/** One kind of change, in batches. */
interface BatchedChange {
  /** Ids of some that are due, at most `CHATS_A_BATCH`. */
  readonly find: () => Promise<string[]>;
  /** Changes those that are still due, and says which those were. */
  readonly change: (ids: readonly string[]) => Promise<ChangedChat[]>;
  /** Told after each commit. */
  readonly done: (changed: readonly ChangedChat[]) => void;
}

/** Changes all that is due, one batch after the other, until there is none or the signal is aborted. @returns how many. */
export async function inBatches(signal: AbortSignal, { find, change, done }: BatchedChange): Promise<number> {
  let total = 0;
  while (!signal.aborted) {
    const ids = await find();
    if (ids.length === 0) break;
    const changed = await change(ids.toSorted());
    done(changed);
    total += changed.length;
  }
  return total;
}

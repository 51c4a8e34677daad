import { inBatches } from '../../../platform/schedule/index.js';
import type { ChangedChat, DueChat } from '../chat-batch.repository.js';

/** One transaction, of some milliseconds. */
const SIZES = { first: 100, max: 500 };

/** One kind of change, in batches. */
interface BatchedChange {
  /** Some that are due, those after a place in their order. */
  readonly find: (after: DueChat | undefined, limit: number) => Promise<DueChat[]>;
  /** Changes those that are still due, and says which those were. */
  readonly change: (ids: readonly string[]) => Promise<ChangedChat[]>;
  /** Told after each commit. */
  readonly done: (changed: readonly ChangedChat[]) => void;
}

/** Changes all that is due, one batch after the other, until there is none or the signal is aborted. @returns how many. */
export async function changeDueChats(
  signal: AbortSignal,
  { find, change, done }: BatchedChange,
): Promise<number> {
  let total = 0;
  await inBatches<DueChat>(signal, SIZES, async (size, after) => {
    const due = await find(after, size);
    if (due.length > 0) {
      const changed = await change(due.map(({ id }) => id).sort());
      done(changed);
      total += changed.length;
    }
    return { found: due.length, last: due.at(-1) };
  });
  return total;
}

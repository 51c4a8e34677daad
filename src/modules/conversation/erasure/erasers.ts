import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

/** One that takes longer is given up for now: it must not hold up the others. */
const TIMEOUT_MS = 30_000;

/** What a module keeps of conversations or users, and knows how to erase. */
export interface Eraser {
  /**
   * Erases all that the module keeps of a conversation, which is unreachable by now. May be called again for the same
   * one, by two processes at once, and for one that never existed; goes in batches, so that it locks nothing for long.
   * @throws if something is left: it is then called again later.
   */
  eraseConversation?(conversationId: string): Promise<void>;
  /** The same for what is kept of a user besides conversations. */
  eraseUser?(userId: string): Promise<void>;
}

/**
 * The modules that take part when something is erased. Register when the module starts, in the API and in the worker
 * alike: the worker closes an erasure once every eraser that it knows has returned.
 */
@Injectable()
export class Erasers {
  private readonly erasers = new Map<string, Eraser>();

  /** @throws if the name is taken. */
  register(name: string, eraser: Eraser): void {
    if (this.erasers.has(name)) throw new Error(`The eraser ${name} is registered twice.`);
    this.erasers.set(name, eraser);
  }

  /** Runs all, one after the other. @throws the first error; the later ones are then left for the next time. */
  async eraseConversation(conversationId: string): Promise<void> {
    for (const [name, eraser] of this.erasers) await inTime(name, eraser.eraseConversation?.(conversationId));
  }

  /** Runs all, one after the other. @throws as above. */
  async eraseUser(userId: string): Promise<void> {
    for (const [name, eraser] of this.erasers) await inTime(name, eraser.eraseUser?.(userId));
  }
}

async function inTime(name: string, work: Promise<void> | undefined): Promise<void> {
  const done = new AbortController();
  const timeUp = async () => {
    await delay(TIMEOUT_MS, undefined, { signal: done.signal, ref: false });
    throw new Error(`The eraser ${name} took longer than ${TIMEOUT_MS} ms.`);
  };
  try {
    await Promise.race([work, timeUp()]);
  } finally {
    done.abort();
  }
}

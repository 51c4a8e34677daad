import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { TurnKeeper, turnInProgress, type WaitingTurn } from '../conversation/index.js';
import { chatConfig } from './chat.config.js';

/** How soon the next in line learns that the turn before it has ended. */
const NEXT_PAUSE_MS = 20;
const PAUSE_MS = 250;

/** Lets one turn of a conversation run at a time, in the order in which they came, whichever process they came to. */
@Injectable()
export class TurnGate {
  constructor(
    private readonly keeper: TurnKeeper,
    @Inject(chatConfig.token) private readonly config: ConfigOf<typeof chatConfig>,
  ) {}

  /**
   * Waits until a turn's conversation is free, and takes it; the turn gives it up with its end. If this throws, or
   * the turn is not started after all, `TurnKeeper.withdraw` gives it up.
   * @throws turn_in_progress, at once or after the time that may be waited, as it is configured; what `gone` was
   *   aborted with.
   */
  async enter(place: WaitingTurn, ownerId: string, gone: AbortSignal): Promise<void> {
    const mayWait = this.config.concurrentTurns === 'wait';
    const deadline = performance.now() + (mayWait ? this.config.turnWaitMs : 0);
    for (;;) {
      const state = await this.keeper.enter(place, ownerId, mayWait ? undefined : 1);
      if (state === 'go') return;
      if (state === 'busy' || performance.now() >= deadline) {
        throw turnInProgress({
          param: 'X-Conversation-Id',
          detail: 'Another turn of this conversation is running; wait for its end, or stop it.',
          retryAfterSeconds: 1,
        });
      }
      await delay(state === 'next' ? NEXT_PAUSE_MS : PAUSE_MS, undefined, { signal: gone });
    }
  }
}

import { Injectable } from '@nestjs/common';
import type { RunningTurn } from '../running-turn.js';
import { TurnRunner } from '../turn-runner.service.js';

/** Finds turns that run, for readers that come later. */
export abstract class TurnFollower {
  /** The turn of a conversation that began last, while it runs. Who may read it has been checked before. */
  abstract findRunning(conversationId: string): Promise<RunningTurn | undefined>;
}

/** Finds the turns that run in this process. */
@Injectable()
export class LocalTurnFollower extends TurnFollower {
  constructor(private readonly runner: TurnRunner) {
    super();
  }

  findRunning(conversationId: string): Promise<RunningTurn | undefined> {
    return Promise.resolve(
      this.runner.runningTurns.findLast((turn) => turn.conversationId === conversationId),
    );
  }
}

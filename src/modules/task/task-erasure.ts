import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Erasers } from '../conversation/index.js';
import { FlowRepository } from './store/flow.repository.js';
import { UpkeepRepository } from './store/upkeep.repository.js';

const BATCH_SIZE = 200;
/** Longer than runs take to hear that they are cancelled; those of a dead worker are given up later. */
const RUNS_END_MS = 8_000;
const LOOK_AGAIN_MS = 200;

/** With a user go the tasks: those that run are cancelled first, so that nothing is written for the user afterwards. */
@Injectable()
export class TaskErasure implements OnModuleInit {
  constructor(
    private readonly erasers: Erasers,
    private readonly upkeep: UpkeepRepository,
    private readonly flows: FlowRepository,
  ) {}

  onModuleInit(): void {
    this.erasers.register('task', { eraseUser: (userId) => this.eraseUser(userId) });
  }

  private async eraseUser(userId: string): Promise<void> {
    const deadline = performance.now() + RUNS_END_MS;
    for (;;) {
      while ((await this.upkeep.forgetOf(userId, BATCH_SIZE)) > 0);
      if (!(await this.upkeep.cancelRunsOf(userId))) break;
      if (performance.now() > deadline) throw new Error('A task of an erased user still runs.');
      await delay(LOOK_AGAIN_MS);
    }
    await this.flows.forgetOf(userId);
  }
}

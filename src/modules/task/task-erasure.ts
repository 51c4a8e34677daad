import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Erasers } from '../conversation/index.js';
import { FlowRepository } from './store/flow.repository.js';
import { UpkeepRepository } from './store/upkeep.repository.js';

const BATCH_SIZE = 200;

/** With a user go the tasks. Runs find out within two seconds that they are nobody's any more. */
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
    while ((await this.upkeep.forgetOf(userId, BATCH_SIZE)) > 0);
    await this.flows.forgetOf(userId);
  }
}

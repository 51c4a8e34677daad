import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Erasers } from '../conversation/index.js';
import { ErrandSettlement } from './errand-settlement.service.js';
import { MarketplaceErasureRepository } from './marketplace-erasure.repository.js';

/** With a user go the texts of his errands and his profile; rewards that are held for them find their owner first. */
@Injectable()
export class MarketplaceErasure implements OnModuleInit {
  constructor(
    private readonly erasers: Erasers,
    private readonly repository: MarketplaceErasureRepository,
    private readonly settlement: ErrandSettlement,
  ) {}

  onModuleInit(): void {
    this.erasers.register('marketplace', { eraseUser: (userId) => this.eraseUser(userId) });
  }

  private async eraseUser(userId: string): Promise<void> {
    if (!(await this.repository.hasAnythingOf(userId))) return;
    await this.repository.endPosted(userId);
    await this.repository.endAccepted(userId);
    for (;;) {
      const errands = await this.repository.listSettling(userId);
      if (errands.length === 0) break;
      const { failed } = await this.settlement.settleBatch(errands);
      if (failed > 0) throw new Error(`The coins of ${failed} errands of an erased user could not be moved.`);
    }
    await this.repository.eraseTexts(userId);
  }
}

import { Injectable, type OnModuleInit } from '@nestjs/common';
import { formatCoins } from '../../shared/money.js';
import { type BookCheck, BookChecks, type CheckContext, CoinHistoryService } from '../coin-account/index.js';
import type { Errand } from './domain/errand.js';
import { ErrandRepository } from './errand.repository.js';
import { rewardKey } from './errand-settlement.service.js';

type Holds = Awaited<ReturnType<CoinHistoryService['findHolds']>>;

const BATCH_SIZE = 500;

/** The errands that have ended compared with the ledger: what the poster was charged is what the expert was paid. */
@Injectable()
export class ErrandCheck implements BookCheck, OnModuleInit {
  readonly kinds = {
    errand_hold:
      'An errand has ended, and its hold is open or was settled for another amount than its payment.',
    errand_reward: 'The expert of a completed errand was not granted its payment.',
  };

  constructor(
    private readonly checks: BookChecks,
    private readonly history: CoinHistoryService,
    private readonly errands: ErrandRepository,
  ) {}

  onModuleInit(): void {
    this.checks.register(this);
  }

  async run(context: CheckContext): Promise<void> {
    for (let afterId = ''; ;) {
      context.signal.throwIfAborted();
      const errands = await this.errands.listAfter(afterId, BATCH_SIZE);
      await this.checkEnded(errands.filter(isEnded), context);
      context.looked('errands', errands.length);
      if (errands.length < BATCH_SIZE) return;
      afterId = errands.at(-1)?.id ?? '';
    }
  }

  private async checkEnded(errands: readonly Errand[], context: CheckContext): Promise<void> {
    const holds = await this.history.findHolds(errands.map((errand) => errand.id));
    const paid = errands.filter((errand) => errand.state === 'completed');
    const granted = await this.history.findGranted(
      paid.map(({ id, expertId }) => ({ accountId: expertId ?? '', idempotencyKey: rewardKey(id) })),
    );
    for (const errand of errands) checkHold(errand, holds, context);
    for (const { id, expertId, payment } of paid) {
      const amount = granted.get(rewardKey(id)) ?? 0n;
      if (amount === payment) continue;
      const detail = `pays ${formatCoins(payment ?? 0n)}, and ${formatCoins(amount)} were granted`;
      context.found('errand_reward', [{ accountId: expertId ?? '', subject: `errand ${id}`, detail }]);
    }
  }
}

function isEnded({ state }: Errand): boolean {
  return state === 'completed' || state === 'cancelled';
}

function checkHold({ id, posterId, payment }: Errand, holds: Holds, context: CheckContext): void {
  const hold = holds.get(id);
  // Nothing is held for one that ended before its posting did.
  if (!hold && payment === 0n) return;
  if (hold && hold.status !== 'open' && (hold.settledAmount ?? 0n) === payment) return;
  const how = hold ? `${hold.status} for ${formatCoins(hold.settledAmount ?? 0n)}` : 'missing';
  const detail = `pays ${formatCoins(payment ?? 0n)}, its hold is ${how}`;
  context.found('errand_hold', [{ accountId: posterId, subject: `errand ${id}`, detail }]);
}

import { Injectable, Logger } from '@nestjs/common';
import { AppError } from '../../platform/errors/index.js';
import { CoinAccountService, holdEnded, holdNotFound } from '../coin-account/index.js';
import type { SettlingErrand } from './domain/errand.js';
import { DueErrandRepository } from './due-errand.repository.js';

/** How many errands of a batch have their coins moved at a time. */
const AT_ONCE = 16;

/** What became of a batch. */
export interface Settled {
  /** Ended now, and not before by somebody else. */
  ended: number;
  /** Their coins could not be moved; they are tried again later. */
  failed: number;
}

/**
 * Moves the coins of errands that settle, and ends them. Every step can be repeated, by several processes at once: the
 * poster is charged under the hold's id, the expert is paid under a key that the errand's id makes, and both name the
 * errand as their reference.
 */
@Injectable()
export class ErrandSettlement {
  private readonly logger = new Logger('Marketplace');

  constructor(
    private readonly coinAccounts: CoinAccountService,
    private readonly due: DueErrandRepository,
  ) {}

  /** Moves the coins and ends the errand. @throws what the ledger throws: then a worker goes on with it. */
  async settle(errand: SettlingErrand): Promise<void> {
    if (await this.moveCoins(errand)) await this.due.finish([errand.id]);
    else await this.due.finishWithoutHold(errand.id);
  }

  /** The same for a batch. What fails is postponed, so that it does not hold up the others. */
  async settleBatch(errands: readonly SettlingErrand[]): Promise<Settled> {
    const moved: string[] = [];
    const failed: string[] = [];
    let ended = 0;
    const remaining = [...errands];
    const workOff = async () => {
      for (let errand = remaining.shift(); errand; errand = remaining.shift()) {
        try {
          if (await this.moveCoins(errand)) moved.push(errand.id);
          else ended += await this.due.finishWithoutHold(errand.id);
        } catch (error) {
          failed.push(errand.id);
          this.logger.error('the coins of an errand could not be moved', error as Error, {
            errand_id: errand.id,
          });
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, workOff));
    await this.due.postpone(failed);
    ended += await this.due.finish(moved);
    return { ended, failed: failed.length };
  }

  /** @returns false if the expert should be paid and the hold has ended otherwise. */
  private async moveCoins({ id, posterId, expertId, payment }: SettlingErrand): Promise<boolean> {
    if (payment === 0n) {
      await this.giveBack(id, posterId);
      return true;
    }
    if (!(await this.charge(id, posterId, payment))) return false;
    if (expertId === null) throw new Error(`The errand ${id} has a payment and nobody to pay.`);
    await this.coinAccounts.grantCoins({
      accountId: expertId,
      amount: payment,
      reason: 'reward',
      actor: 'system',
      reference: id,
      idempotencyKey: rewardKey(id),
    });
    return true;
  }

  private async charge(id: string, posterId: string, amount: bigint): Promise<boolean> {
    try {
      await this.coinAccounts.settleHold({ accountId: posterId, holdId: id, amount, reference: id });
      return true;
    } catch (error) {
      if (!isGivenBack(error)) throw error;
      this.logger.error('the hold of an errand was given back before the expert was paid', {
        errand_id: id,
        poster_id: posterId,
      });
      return false;
    }
  }

  private async giveBack(id: string, posterId: string): Promise<void> {
    try {
      await this.coinAccounts.releaseHold({ accountId: posterId, holdId: id, reason: 'errand_cancelled' });
    } catch (error) {
      if (!isGivenBack(error) && !holdNotFound.is(error)) throw error;
    }
  }
}

/** The idempotency key under which an expert is paid for an errand, once. */
export function rewardKey(errandId: string): string {
  return `errand:${errandId}`;
}

/** An operator may have released the hold, or its time was up. */
function isGivenBack(error: unknown): boolean {
  return holdEnded.is(error) && error instanceof AppError && error.details?.['status'] !== 'settled';
}

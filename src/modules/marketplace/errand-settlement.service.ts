import { Injectable, Logger } from '@nestjs/common';
import { AppError } from '../../platform/errors/index.js';
import { CoinAccountService, holdEnded, holdNotFound } from '../coin-account/index.js';
import type { SettlingErrand } from './domain/errand.js';
import { DueErrandRepository } from './due-errand.repository.js';

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
    else await this.due.finishWithoutHold([errand.id]);
  }

  /**
   * The same for a batch, whose coins are moved together: first those of the posters, then those of the experts. What
   * fails is postponed, so that it does not hold up the others.
   */
  async settleBatch(errands: readonly SettlingErrand[]): Promise<Settled> {
    if (errands.length === 0) return { ended: 0, failed: 0 };
    const moved: string[] = [];
    const lost: string[] = [];
    const failed: string[] = [];
    const fail = (id: string, error: unknown) => {
      failed.push(id);
      this.logger.error('the coins of an errand could not be moved', error as Error, { errand_id: id });
    };
    const unpaid = errands.filter(({ payment }) => payment === 0n);
    const released = await this.coinAccounts.releaseAll(unpaid.map(toRelease));
    for (const [{ id }, result] of pairs(unpaid, released)) {
      if (result.status === 'fulfilled' || isGone(result.reason)) moved.push(id);
      else fail(id, result.reason);
    }
    const paid = errands.filter(({ payment }) => payment > 0n);
    const charged = await this.coinAccounts.settleAll(paid.map(toCharge));
    const owed: SettlingErrand[] = [];
    for (const [errand, result] of pairs(paid, charged)) {
      if (result.status === 'fulfilled') owed.push(errand);
      else if (isGivenBack(result.reason)) lost.push(this.noteLost(errand));
      else fail(errand.id, result.reason);
    }
    const granted = await this.coinAccounts.grantAll(owed.map(toReward));
    for (const [{ id }, result] of pairs(owed, granted)) {
      if (result.status === 'fulfilled') moved.push(id);
      else fail(id, result.reason);
    }
    await this.due.postpone(failed);
    const ended = (await this.due.finish(moved)) + (await this.due.finishWithoutHold(lost));
    return { ended, failed: failed.length };
  }

  /** @returns false if the expert should be paid and the hold has ended otherwise. */
  private async moveCoins(errand: SettlingErrand): Promise<boolean> {
    if (errand.payment === 0n) {
      await this.giveBack(errand);
      return true;
    }
    if (!(await this.charge(errand))) return false;
    await this.coinAccounts.grantCoins(toReward(errand));
    return true;
  }

  private async charge(errand: SettlingErrand): Promise<boolean> {
    try {
      await this.coinAccounts.settleHold(toCharge(errand));
      return true;
    } catch (error) {
      if (!isGivenBack(error)) throw error;
      this.noteLost(errand);
      return false;
    }
  }

  private async giveBack(errand: SettlingErrand): Promise<void> {
    try {
      await this.coinAccounts.releaseHold(toRelease(errand));
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  private noteLost({ id, posterId }: SettlingErrand): string {
    this.logger.error('the hold of an errand was given back before the expert was paid', {
      errand_id: id,
      poster_id: posterId,
    });
    return id;
  }
}

function toRelease({ id, posterId }: SettlingErrand) {
  return { accountId: posterId, holdId: id, reason: 'errand_cancelled' };
}

function toCharge({ id, posterId, payment }: SettlingErrand) {
  return { accountId: posterId, holdId: id, amount: payment, reference: id };
}

/** An errand that pays has an expert: it was delivered. */
function toReward({ id, expertId, payment }: SettlingErrand) {
  return {
    accountId: expertId ?? '',
    amount: payment,
    reason: 'reward',
    actor: 'system',
    reference: id,
    idempotencyKey: rewardKey(id),
  } as const;
}

/** Each item with its result. */
function pairs<T, R>(items: readonly T[], results: readonly R[]): [T, R][] {
  return results.map((result, index) => [items[index] as T, result]);
}

/** The idempotency key under which an expert is paid for an errand, once. */
export function rewardKey(errandId: string): string {
  return `errand:${errandId}`;
}

/** An operator may have released the hold, or its time was up. */
function isGivenBack(error: unknown): boolean {
  return holdEnded.is(error) && error instanceof AppError && error.details?.['status'] !== 'settled';
}

/** Nothing is held any more, or never was: it need not be given back. */
function isGone(error: unknown): boolean {
  return isGivenBack(error) || holdNotFound.is(error);
}

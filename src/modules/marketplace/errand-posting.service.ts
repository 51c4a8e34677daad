import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { isDuplicateKey, Transactions } from '../../platform/database/index.js';
import { AppError, invalidRequest } from '../../platform/errors/index.js';
import { Clock } from '../../shared/clock.js';
import { newId } from '../../shared/ids.js';
import type { MicroCoins } from '../../shared/money.js';
import { CoinAccountService, idempotencyKeyReused } from '../coin-account/index.js';
import type { Errand } from './domain/errand.js';
import { ErrandRepository, type NewErrand } from './errand.repository.js';
import { ErrandTransitionRepository } from './errand-transition.repository.js';
import { marketplaceConfig } from './marketplace.config.js';
import { errandLimitReached, errandNotFound } from './marketplace.errors.js';

/** What a user posts. */
export interface ErrandRequest {
  title: string;
  description: string;
  /** More than zero. */
  reward: MicroCoins;
  deadlineAt: Date;
}

export const HOLD_PURPOSE = 'errand';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How long workers may stand still after the last moment at which an errand ends by itself. */
const MARGIN_MS = 30 * DAY_MS;
const MIN_DEADLINE_MS = 5 * 60_000;
/** The ledger's own refusals; after anything else it is not known whether the coins are held. */
const REFUSALS = new Set(['payment_required', 'forbidden', 'invalid']);

/**
 * Posts errands: the row first, then the hold, under the same id. Cut off in between, the same call again goes on, or a
 * worker does.
 */
@Injectable()
export class ErrandPosting {
  constructor(
    private readonly transactions: Transactions,
    private readonly errands: ErrandRepository,
    private readonly transitions: ErrandTransitionRepository,
    private readonly coinAccounts: CoinAccountService,
    private readonly clock: Clock,
    @Inject(marketplaceConfig.token) private readonly config: ConfigOf<typeof marketplaceConfig>,
  ) {}

  /**
   * Posts an errand and holds its reward. Under the same key with the same content it acts once and answers how the
   * errand stands now. After a refusal nothing is posted, and the key is free again.
   * @throws `insufficient_coins`, `account_in_debt`, `account_blocked`, `errand_limit_reached`,
   *   `idempotency_key_reused`, `invalid_request` for a deadline out of range
   */
  async postErrand(posterId: string, request: ErrandRequest, idempotencyKey: string): Promise<Errand> {
    const requestKey = createHash('sha256').update(idempotencyKey).digest();
    const requestHash = hashOf(request);
    const posted =
      (await this.errands.findByKey(posterId, requestKey)) ??
      (await this.insert({ id: newId(), posterId, ...request, requestKey, requestHash }));
    if (!posted.requestHash.equals(requestHash)) throw idempotencyKeyReused();
    if (posted.errand.state === 'posting') await this.complete(posted.errand);
    const errand = await this.errands.findById(posted.errand.id);
    if (!errand || errand.state === 'posting') throw errandNotFound();
    return errand;
  }

  /**
   * Holds the reward of an errand whose posting was begun, and opens it.
   * @throws the ledger's refusal; then the errand is gone.
   */
  async complete(errand: Errand): Promise<void> {
    const { id, posterId: accountId, reward: amount } = errand;
    try {
      const leaseMs = this.leaseOf(errand);
      const reference = id;
      await this.coinAccounts.holdCoins({
        accountId,
        holdId: id,
        amount,
        purpose: HOLD_PURPOSE,
        reference,
        leaseMs,
      });
    } catch (error) {
      if (error instanceof AppError && REFUSALS.has(error.kind)) await this.transitions.deletePosting(id);
      throw error;
    }
    if (!(await this.transitions.open(id))) await this.releaseUnlessPosted(errand);
  }

  /** Somebody else opened it, or ended it before it was open: then the hold must not stay. */
  private async releaseUnlessPosted({ id, posterId }: Errand): Promise<void> {
    const now = await this.errands.findById(id);
    if (now && now.outcome !== 'poster_erased') return;
    await this.coinAccounts.releaseHold({
      accountId: posterId,
      holdId: id,
      reason: 'errand_cancelled',
    });
  }

  private async insert(errand: NewErrand): Promise<{ errand: Errand; requestHash: Buffer }> {
    this.checkDeadline(errand.deadlineAt);
    const limit = this.config.maxPosted;
    try {
      await this.transactions.run(async (transaction) => {
        if ((await this.errands.countActive(transaction, errand.posterId, limit)) >= limit) {
          throw errandLimitReached({ details: { limit } });
        }
        await this.errands.insertPosting(transaction, errand);
      });
    } catch (error) {
      // The same call at the same time: its row is as good.
      if (!isDuplicateKey(error)) throw error;
    }
    const inserted = await this.errands.findByKey(errand.posterId, errand.requestKey);
    if (!inserted) throw errandNotFound();
    return inserted;
  }

  private checkDeadline(deadlineAt: Date): void {
    const aheadMs = deadlineAt.getTime() - this.clock.nowMs();
    if (aheadMs >= MIN_DEADLINE_MS && aheadMs <= this.config.maxDeadlineDays * DAY_MS) return;
    throw invalidRequest({
      param: 'deadline_at',
      detail: `deadline_at must lie from 5 minutes to ${this.config.maxDeadlineDays} days ahead.`,
    });
  }

  /** Longer than the errand can last, but for a dispute, which renews it. */
  private leaseOf({ deadlineAt }: Errand): number {
    const { deliveryGraceHours, autoConfirmHours } = this.config;
    const aheadMs = Math.max(0, deadlineAt.getTime() - this.clock.nowMs());
    return Math.round(aheadMs + (deliveryGraceHours + autoConfirmHours) * HOUR_MS + MARGIN_MS);
  }
}

function hashOf({ title, description, reward, deadlineAt }: ErrandRequest): Buffer {
  const content = [title, description, String(reward), deadlineAt.toISOString()];
  return createHash('sha256').update(JSON.stringify(content)).digest();
}

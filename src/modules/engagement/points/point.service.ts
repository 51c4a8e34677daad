import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { derivedId } from '../../../shared/ids.js';
import { AuditLog } from '../../audit/index.js';
import { inBatches } from '../../../platform/schedule/index.js';
import { idempotencyKeyReused } from '../../coin-account/index.js';
import { CoinRewards } from '../coin-rewards.js';
import { engagementConfig } from '../engagement.config.js';
import { exchangeClosed, insufficientPoints, tooManyLots, tooManyPoints } from '../engagement.errors.js';
import { completeLeftPending } from '../left-pending.js';
import { type Exchange, PointRepository } from './point.repository.js';
import type { DueLot, Lot, NewLot } from './point-lots.js';

/** Each with the account of its user, in one transaction of some milliseconds. */
const EXPIRY_SIZES = { first: 100, max: 500 };
const GRANTS_AT_ONCE = 8;

/**
 * Points: earned in lots that expire, spent those first that expire first. A user's balance is the sum of the entries
 * and of what remains of the open lots. All points are whole numbers.
 */
@Injectable()
export class PointService {
  constructor(
    private readonly repository: PointRepository,
    private readonly rewards: CoinRewards,
    private readonly audit: AuditLog,
    @Inject(engagementConfig.token) private readonly config: ConfigOf<typeof engagementConfig>,
  ) {}

  /**
   * Gives points, once for the id of the lot, which the caller makes (`derivedId`). They count in the activities that
   * the user takes part in now.
   * @throws `idempotency_key_reused` if the id was used for something else, `too_many_points`
   */
  async earnPoints(lot: NewLot): Promise<Lot> {
    return checkedLot(lot, await this.repository.earn(lot));
  }

  /** The same by an operator, under a key; it stands in the audit log. */
  async grantPoints(operatorId: string, key: string, grant: Omit<NewLot, 'id'>): Promise<Lot> {
    const { userId, points, validDays, reason } = grant;
    const lot = { ...grant, id: derivedId(userId, `points.grant:${key}`) };
    const result = await this.repository.earn(lot, (transaction) =>
      this.audit.record(
        {
          actor: { kind: 'operator', id: operatorId },
          action: 'points.granted',
          subjectKind: 'user',
          subjectId: userId,
          detail: { points, valid_days: validDays, reason },
        },
        transaction,
      ),
    );
    return checkedLot(lot, result);
  }

  /**
   * Exchanges points for coins, once for the key. The points are taken and the coins are owed in one transaction; if
   * it breaks off before the coins are given, the same call again, or the periodic task, gives them.
   * @throws `insufficient_points`, `too_many_lots`, `exchange_closed`, `idempotency_key_reused`
   */
  async exchangePoints(userId: string, key: string, points: number): Promise<Exchange> {
    const amount = BigInt(points) * this.config.coinsPerPoint;
    if (amount === 0n) throw exchangeClosed();
    const id = derivedId(userId, `points.exchange:${key}`);
    const exchange = await this.repository.exchange({ id, userId, points, amount });
    if ('available' in exchange) {
      const details = { available: exchange.available };
      throw exchange.isOverLotLimit ? tooManyLots({ details }) : insufficientPoints({ details });
    }
    if (exchange.points !== points) throw idempotencyKeyReused();
    return this.complete(exchange);
  }

  /** Takes the points whose time is up, and gives the coins of exchanges that broke off. */
  async expirePoints(signal: AbortSignal): Promise<{ lots: number; points: number; completed: number }> {
    const expired = { lots: 0, points: 0 };
    await inBatches<DueLot>(signal, EXPIRY_SIZES, async (size, after) => {
      const due = await this.repository.listDue(after, size);
      const batch = await this.repository.expire(due);
      expired.lots += batch.lots;
      expired.points += batch.points;
      return { found: due.length, last: due.at(-1) };
    });
    const completed = await completeLeftPending(
      signal,
      (limit) => this.repository.listLeftPending(limit),
      (exchange) => this.complete(exchange),
      GRANTS_AT_ONCE,
    );
    return { ...expired, completed };
  }

  private async complete(exchange: Exchange): Promise<Exchange> {
    if (exchange.state !== 'pending') return exchange;
    const { id, userId: accountId, amount } = exchange;
    const state = await this.rewards.give({ id, accountId, amount, reason: 'points' });
    await (state === 'granted' ? this.repository.finishGrant(id) : this.repository.returnPoints(exchange));
    return { ...exchange, state };
  }
}

function checkedLot(asked: NewLot, lot: Lot | 'too_many'): Lot {
  if (lot === 'too_many') throw tooManyPoints();
  const isSame =
    lot.points === asked.points && lot.validDays === asked.validDays && lot.reason === asked.reason;
  if (!isSame) throw idempotencyKeyReused();
  return lot;
}

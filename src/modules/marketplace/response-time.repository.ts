import { Injectable } from '@nestjs/common';
import { afterPlace, Transactions } from '../../platform/database/index.js';

/** An expert, and for when the response time was computed last. */
export interface OutdatedExpert {
  readonly userId: string;
  readonly computedFor: Date;
}

const WINDOW_DAYS = 90;

/**
 * How fast featured experts delivered. A response time is the time from the acceptance of an errand to its delivery,
 * whatever became of it then; it counts if the delivery lies in the 90 days before the time for which it is computed.
 */
@Injectable()
export class ResponseTimeRepository {
  constructor(private readonly transactions: Transactions) {}

  /**
   * Featured experts whose response time has not been computed for this time, the longest not computed first, those
   * after a place in that order.
   */
  async listOutdated(
    computedFor: Date,
    after: OutdatedExpert | undefined,
    limit: number,
  ): Promise<OutdatedExpert[]> {
    const beyond = afterPlace(
      ['response_computed_for', 'user_id'],
      after && [after.computedFor, after.userId],
    );
    const rows: { user_id: string; response_computed_for: Date }[] = await this.transactions.single.query(
      `SELECT user_id, response_computed_for FROM experts FORCE INDEX (idx_experts_response)
       WHERE is_featured = 1 AND response_computed_for < ? AND ${beyond.sql}
       ORDER BY response_computed_for, user_id LIMIT ?`,
      [computedFor, ...beyond.values, limit],
    );
    return rows.map((row) => ({ userId: row.user_id, computedFor: row.response_computed_for }));
  }

  /** Computes median and count of these experts, in one statement. @returns how many were still featured. */
  async compute(userIds: readonly string[], computedFor: Date): Promise<number> {
    return this.transactions.run(async (transaction) => {
      const result: { affectedRows: number } = await transaction.query(
        `UPDATE experts e LEFT JOIN (
           SELECT ranked.expert_id, MAX(ranked.deliveries) AS deliveries, ROUND(AVG(ranked.response_ms)) AS median_ms
           FROM (
             SELECT expert_id, TIMESTAMPDIFF(MICROSECOND, accepted_at, delivered_at) DIV 1000 AS response_ms,
               ROW_NUMBER() OVER (PARTITION BY expert_id
                 ORDER BY TIMESTAMPDIFF(MICROSECOND, accepted_at, delivered_at), id) AS place,
               COUNT(*) OVER (PARTITION BY expert_id) AS deliveries
             FROM errands
             WHERE expert_id IN (?) AND delivered_at >= ? - INTERVAL ${WINDOW_DAYS} DAY AND delivered_at < ?
           ) AS ranked
           WHERE ranked.place IN (FLOOR((ranked.deliveries + 1) / 2), FLOOR((ranked.deliveries + 2) / 2))
           GROUP BY ranked.expert_id
         ) AS r ON r.expert_id = e.user_id
         SET e.response_median_ms = r.median_ms, e.response_count = COALESCE(r.deliveries, 0),
           e.response_computed_for = ?
         WHERE e.user_id IN (?) AND e.is_featured = 1`,
        [userIds, computedFor, computedFor, computedFor, userIds],
      );
      return result.affectedRows;
    });
  }
}

import { Injectable } from '@nestjs/common';
import { afterPlace, Transactions } from '../../platform/database/index.js';

/** A chat and when it ended. */
export interface EndedChat {
  readonly id: string;
  readonly endedAt: Date;
}

const CHATS_A_BATCH = 100;
const TEXTS_A_BATCH = 500;

/** What is done with chats long after their end, a bounded part at a time. */
@Injectable()
export class RetentionRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Chats that ended so long ago and are not archived, the longest first, those after a place in that order. */
  findArchivable(days: number, after: EndedChat | undefined, limit: number): Promise<EndedChat[]> {
    return this.findEnded(`state = 'ended'`, days, after, limit);
  }

  /** Archives chats. @returns how many of them had ended and were not archived. */
  archive(ids: readonly string[]): Promise<number> {
    return this.change(
      `UPDATE support_chats FORCE INDEX (PRIMARY) SET state = 'archived' WHERE id IN (?) AND state = 'ended'`,
      ids,
    );
  }

  /** Archived chats that ended so long ago and have texts, likewise. */
  findErasable(days: number, after: EndedChat | undefined, limit: number): Promise<EndedChat[]> {
    return this.findEnded(`state = 'archived' AND texts_erased_at IS NULL`, days, after, limit);
  }

  /** Some chats of a user that have texts. */
  async findErasableOf(userId: string): Promise<string[]> {
    const rows: { id: string }[] = await this.transactions.single.query(
      'SELECT id FROM support_chats WHERE user_id = ? AND texts_erased_at IS NULL LIMIT ?',
      [userId, CHATS_A_BATCH],
    );
    return rows.map(({ id }) => id);
  }

  /** Erases some of the texts of chats. @returns whether there may be more. */
  async eraseSomeTexts(chatIds: readonly string[]): Promise<boolean> {
    const erased = await this.change(
      `UPDATE support_messages SET content = NULL, client_message_id = NULL
        WHERE chat_id IN (?) AND content IS NOT NULL LIMIT ?`,
      chatIds,
      [TEXTS_A_BATCH],
    );
    return erased === TEXTS_A_BATCH;
  }

  /** Notes that chats have no texts any more, and erases what was said with their ratings. @returns how many. */
  markErased(chatIds: readonly string[]): Promise<number> {
    return this.change(
      `UPDATE support_chats SET rating_comment = NULL, texts_erased_at = UTC_TIMESTAMP(3)
        WHERE id IN (?) AND texts_erased_at IS NULL`,
      chatIds,
    );
  }

  private async findEnded(
    condition: string,
    days: number,
    after: EndedChat | undefined,
    limit: number,
  ): Promise<EndedChat[]> {
    const beyond = afterPlace(['ended_at', 'id'], after && [after.endedAt, after.id]);
    const rows: { id: string; ended_at: Date }[] = await this.transactions.single.query(
      `SELECT id, ended_at FROM support_chats
        WHERE ${condition} AND ended_at <= UTC_TIMESTAMP(3) - INTERVAL ? DAY AND ${beyond.sql}
        ORDER BY ended_at, id LIMIT ?`,
      [days, ...beyond.values, limit],
    );
    return rows.map(({ id, ended_at }) => ({ id, endedAt: ended_at }));
  }

  /** @param values those that stand after the ids. */
  private async change(sql: string, ids: readonly string[], values: unknown[] = []): Promise<number> {
    if (ids.length === 0) return 0;
    // In one order, so that two who do so at once do not wait for each other crosswise.
    const ordered = [...ids].sort();
    return this.transactions.run(async (transaction) => {
      const result: { affectedRows: number } = await transaction.query(sql, [ordered, ...values]);
      return result.affectedRows;
    });
  }
}

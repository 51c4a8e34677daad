import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';

const CHATS_A_BATCH = 100;
const ARCHIVED_A_BATCH = 200;
const TEXTS_A_BATCH = 500;

/** What is done with chats long after their end, a bounded part at a time. */
@Injectable()
export class RetentionRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Archives some chats that ended so long ago. @returns how many; 0 if none are left. */
  archiveSome(days: number): Promise<number> {
    return this.change(
      `UPDATE support_chats SET state = 'archived'
        WHERE state = 'ended' AND ended_at <= UTC_TIMESTAMP(3) - INTERVAL ? DAY
        ORDER BY ended_at LIMIT ?`,
      [days, ARCHIVED_A_BATCH],
    );
  }

  /** Some archived chats that ended so long ago and have texts. */
  findErasable(days: number): Promise<string[]> {
    return this.findIds(
      `state = 'archived' AND texts_erased_at IS NULL AND ended_at <= UTC_TIMESTAMP(3) - INTERVAL ? DAY
        ORDER BY ended_at`,
      [days],
    );
  }

  /** Some chats of a user that have texts. */
  findErasableOf(userId: string): Promise<string[]> {
    return this.findIds('user_id = ? AND texts_erased_at IS NULL', [userId]);
  }

  /** Erases some of the texts of chats. @returns whether there may be more. */
  async eraseSomeTexts(chatIds: readonly string[]): Promise<boolean> {
    const erased = await this.change(
      `UPDATE support_messages SET content = NULL, client_message_id = NULL
        WHERE chat_id IN (?) AND content IS NOT NULL LIMIT ?`,
      [chatIds, TEXTS_A_BATCH],
    );
    return erased === TEXTS_A_BATCH;
  }

  /** Notes that chats have no texts any more, and erases what was said with their ratings. @returns how many. */
  markErased(chatIds: readonly string[]): Promise<number> {
    return this.change(
      `UPDATE support_chats SET rating_comment = NULL, texts_erased_at = UTC_TIMESTAMP(3)
        WHERE id IN (?) AND texts_erased_at IS NULL`,
      [chatIds],
    );
  }

  private async findIds(condition: string, values: unknown[]): Promise<string[]> {
    const rows: { id: string }[] = await this.transactions.single.query(
      `SELECT id FROM support_chats WHERE ${condition} LIMIT ?`,
      [...values, CHATS_A_BATCH],
    );
    return rows.map(({ id }) => id);
  }

  private change(sql: string, values: unknown[]): Promise<number> {
    return this.transactions.run(async (transaction) => {
      const result: { affectedRows: number } = await transaction.query(sql, values);
      return result.affectedRows;
    });
  }
}

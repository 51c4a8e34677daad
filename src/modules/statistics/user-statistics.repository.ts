import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import type { MicroCoins } from '../../shared/money.js';

/** What a user did. Amounts are micro-coins. */
export interface UserStatistics {
  readonly userId: string;
  readonly tasksPosted: number;
  readonly tasksCompleted: number;
  readonly tasksCancelled: number;
  readonly tasksDone: number;
  readonly coinsEarned: MicroCoins;
  readonly coinsSpent: MicroCoins;
  readonly coinsReceived: MicroCoins;
  readonly conversations: number;
  readonly turns: number;
  readonly lastActivityAt: Date | null;
  /** The last entry of the coin journal that is counted. */
  readonly journalSequence: number;
  readonly computedAt: Date;
}

/** Where a page of statistics begins: after this one. */
export interface ActivityPosition {
  lastActivityAt: Date;
  userId: string;
}

interface StatisticsRow {
  user_id: string;
  tasks_posted: number;
  tasks_completed: number;
  tasks_cancelled: number;
  tasks_done: number;
  coins_earned: string;
  coins_spent: string;
  coins_received: string;
  conversations: number;
  turns: string;
  last_activity_at: Date | null;
  journal_sequence: string;
  computed_at: Date;
}

const COLUMNS = `user_id, tasks_posted, tasks_completed, tasks_cancelled, tasks_done, coins_earned, coins_spent,
  coins_received, conversations, turns, last_activity_at, journal_sequence, computed_at`;

/** The rows of `user_statistics`. */
@Injectable()
export class UserStatisticsRepository {
  constructor(private readonly transactions: Transactions) {}

  async find(userIds: readonly string[]): Promise<Map<string, UserStatistics>> {
    if (userIds.length === 0) return new Map();
    const rows: StatisticsRow[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM user_statistics WHERE user_id IN (?)`,
      [userIds],
    );
    return new Map(rows.map((row) => [row.user_id, toStatistics(row)]));
  }

  /** The latest active first. Users without any activity are not listed. */
  async list(after: ActivityPosition | undefined, limit: number): Promise<UserStatistics[]> {
    const condition = after
      ? 'last_activity_at <= ? AND (last_activity_at < ? OR user_id < ?)'
      : 'last_activity_at IS NOT NULL';
    const values = after ? [after.lastActivityAt, after.lastActivityAt, after.userId] : [];
    const rows: StatisticsRow[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM user_statistics WHERE ${condition}
       ORDER BY last_activity_at DESC, user_id DESC LIMIT ?`,
      [...values, limit],
    );
    return rows.map(toStatistics);
  }

  /** Writes all of these, whatever stood there. */
  async save(transaction: Transaction, statistics: readonly UserStatistics[]): Promise<void> {
    if (statistics.length === 0) return;
    const columns = COLUMNS.split(',').map((column) => column.trim());
    const assignments = columns.slice(1).map((column) => `${column} = VALUES(${column})`);
    await transaction.query(
      `INSERT INTO user_statistics (${COLUMNS}) VALUES ? ON DUPLICATE KEY UPDATE ${assignments.join(', ')}`,
      [statistics.map(toValues)],
    );
  }

  async delete(transaction: Transaction, userIds: readonly string[]): Promise<void> {
    if (userIds.length === 0) return;
    await transaction.query('DELETE FROM user_statistics WHERE user_id IN (?)', [userIds]);
  }
}

function toValues(statistics: UserStatistics): unknown[] {
  return [
    statistics.userId,
    statistics.tasksPosted,
    statistics.tasksCompleted,
    statistics.tasksCancelled,
    statistics.tasksDone,
    statistics.coinsEarned,
    statistics.coinsSpent,
    statistics.coinsReceived,
    statistics.conversations,
    statistics.turns,
    statistics.lastActivityAt,
    statistics.journalSequence,
    statistics.computedAt,
  ];
}

function toStatistics(row: StatisticsRow): UserStatistics {
  return {
    userId: row.user_id,
    tasksPosted: row.tasks_posted,
    tasksCompleted: row.tasks_completed,
    tasksCancelled: row.tasks_cancelled,
    tasksDone: row.tasks_done,
    coinsEarned: BigInt(row.coins_earned),
    coinsSpent: BigInt(row.coins_spent),
    coinsReceived: BigInt(row.coins_received),
    conversations: row.conversations,
    turns: Number(row.turns),
    lastActivityAt: row.last_activity_at,
    journalSequence: Number(row.journal_sequence),
    computedAt: row.computed_at,
  };
}

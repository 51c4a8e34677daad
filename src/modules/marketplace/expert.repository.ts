import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';

/** The public profile of somebody who takes errands. */
export interface Expert {
  readonly userId: string;
  readonly displayName: string;
  readonly bio: string;
  readonly skills: readonly string[];
  readonly isFeatured: boolean;
  /** The median from acceptance to delivery; null without deliveries, and for those not featured. */
  readonly responseMedianMs: number | null;
  /** Of how many deliveries. */
  readonly responseCount: number;
  readonly createdAt: Date;
}

/** What an expert says of himself. */
export type Profile = Pick<Expert, 'displayName' | 'bio' | 'skills'>;

/** Where a page of experts begins: after this one. */
export interface ExpertPosition {
  isFeatured: boolean;
  userId: string;
}

interface ExpertRow {
  user_id: string;
  display_name: string;
  bio: string;
  skills: string | string[];
  is_featured: number;
  response_median_ms: string | number | null;
  response_count: number;
  created_at: Date;
}

const COLUMNS =
  'user_id, display_name, bio, skills, is_featured, response_median_ms, response_count, created_at';

/** The rows of `experts`. */
@Injectable()
export class ExpertRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Makes or changes a profile. */
  async save(userId: string, { displayName, bio, skills }: Profile): Promise<void> {
    await this.transactions.single.query(
      `INSERT INTO experts (user_id, display_name, bio, skills, created_at)
       VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3))
       ON DUPLICATE KEY UPDATE display_name = VALUES(display_name), bio = VALUES(bio), skills = VALUES(skills)`,
      [userId, displayName, bio, JSON.stringify(skills)],
    );
  }

  async delete(userId: string): Promise<boolean> {
    const result: { affectedRows: number } = await this.transactions.single.query(
      'DELETE FROM experts WHERE user_id = ?',
      [userId],
    );
    return result.affectedRows === 1;
  }

  async find(userId: string): Promise<Expert | undefined> {
    const [row]: ExpertRow[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM experts WHERE user_id = ?`,
      [userId],
    );
    return row && toExpert(row);
  }

  /** Locks an expert until the transaction ends. @returns false if there is no such expert. */
  async lock(transaction: Transaction, userId: string): Promise<boolean> {
    const rows: unknown[] = await transaction.query(
      'SELECT user_id FROM experts WHERE user_id = ? FOR UPDATE',
      [userId],
    );
    return rows.length === 1;
  }

  /** Features an expert or ends that. One who is not featured has no response time. @returns false if nothing changed. */
  async setFeatured(transaction: Transaction, userId: string, isFeatured: boolean): Promise<boolean> {
    const result: { affectedRows: number } = await transaction.query(
      `UPDATE experts SET is_featured = ?, response_median_ms = NULL, response_count = 0,
         response_computed_for = '1970-01-01'
       WHERE user_id = ? AND is_featured <> ?`,
      [isFeatured, userId, isFeatured],
    );
    return result.affectedRows === 1;
  }

  /** The featured first, in each half the newest users first. */
  async list(after: ExpertPosition | undefined, limit: number): Promise<Expert[]> {
    const ofOneHalf = `(SELECT ${COLUMNS} FROM experts FORCE INDEX (idx_experts_featured)
      WHERE is_featured = ? AND user_id < ? ORDER BY user_id DESC LIMIT ?)`;
    const halves: [isFeatured: number, before: string][] = [];
    if (!after || after.isFeatured) halves.push([1, after?.userId ?? AFTER_ALL_IDS]);
    halves.push([0, after && !after.isFeatured ? after.userId : AFTER_ALL_IDS]);
    const rows: ExpertRow[] = await this.transactions.single.query(
      `${halves.map(() => ofOneHalf).join(' UNION ALL ')} ORDER BY is_featured DESC, user_id DESC LIMIT ?`,
      [...halves.flatMap(([isFeatured, before]) => [isFeatured, before, limit]), limit],
    );
    return rows.map(toExpert);
  }
}

/** Ids are lower-case hexadecimal: this is after all of them. */
const AFTER_ALL_IDS = 'g';

function toExpert(row: ExpertRow): Expert {
  return {
    userId: row.user_id,
    displayName: row.display_name,
    bio: row.bio,
    // MySQL's driver parses a JSON column; MariaDB's JSON is a text.
    skills: typeof row.skills === 'string' ? (JSON.parse(row.skills) as string[]) : row.skills,
    isFeatured: row.is_featured === 1,
    responseMedianMs: row.response_median_ms === null ? null : Number(row.response_median_ms),
    responseCount: row.response_count,
    createdAt: row.created_at,
  };
}

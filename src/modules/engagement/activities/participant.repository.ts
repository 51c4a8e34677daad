import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';

export interface Participant {
  userId: string;
  /** Grows with the time of joining. */
  seatId: string;
  points: number;
  /** The last entry of the coin journal before joining. */
  coinsFrom: number;
  joinedAt: Date;
}

/** A place in the order of points: the most first, of equals who joined first. */
export interface StandingPosition {
  points: number;
  seatId: string;
}

type Row = Record<string, unknown>;

const COLUMNS = 'user_id, seat_id, points, coins_from, joined_at';

/** Who takes part in what. */
@Injectable()
export class ParticipantRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Adds a participant while the activity is open; one who is there already stays as he is. */
  async insert(
    activityId: string,
    participant: Pick<Participant, 'userId' | 'seatId' | 'coinsFrom'>,
  ): Promise<void> {
    await this.transactions.run((transaction) =>
      transaction.query(
        `INSERT IGNORE INTO activity_participants (activity_id, user_id, seat_id, points, coins_from, joined_at)
         SELECT id, ?, ?, 0, ?, UTC_TIMESTAMP(3) FROM activities
         WHERE id = ? AND state = 'open' AND ends_at > UTC_TIMESTAMP(3)`,
        [participant.userId, participant.seatId, participant.coinsFrom, activityId],
      ),
    );
  }

  async find(activityId: string, userId: string): Promise<Participant | undefined> {
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM activity_participants WHERE activity_id = ? AND user_id = ?`,
      [activityId, userId],
    );
    return rows.map(toParticipant)[0];
  }

  /** Participants in the order of their ids, those above `after`. */
  async listById(activityId: string, after: string, limit: number): Promise<Participant[]> {
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM activity_participants FORCE INDEX (PRIMARY)
       WHERE activity_id = ? AND user_id > ? ORDER BY user_id LIMIT ?`,
      [activityId, after, limit],
    );
    return rows.map(toParticipant);
  }

  /** Participants with the most points first, those after a place in that order. */
  async listByPoints(
    activityId: string,
    after: StandingPosition | undefined,
    limit: number,
  ): Promise<Participant[]> {
    const beyond = after ? 'AND (points_down > ? OR (points_down = ? AND seat_id > ?))' : '';
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM activity_participants FORCE INDEX (idx_activity_participants_standing)
       WHERE activity_id = ? ${beyond} ORDER BY points_down, seat_id LIMIT ?`,
      [activityId, ...(after ? [-after.points, -after.points, after.seatId] : []), limit],
    );
    return rows.map(toParticipant);
  }

  /** How many are before a participant, counted up to `limit`. */
  async countBefore(
    activityId: string,
    { points, seatId }: StandingPosition,
    limit: number,
  ): Promise<number> {
    const [row]: { n: string }[] = await this.transactions.single.query(
      `SELECT COUNT(*) AS n FROM (
         SELECT 1 FROM activity_participants FORCE INDEX (idx_activity_participants_standing)
         WHERE activity_id = ? AND (points_down < ? OR (points_down = ? AND seat_id < ?)) LIMIT ?) AS before_it`,
      [activityId, -points, -points, seatId, limit],
    );
    return Number(row?.n);
  }

  /** Lets a user take part in nothing any more, up to `limit` participations. @returns how many. */
  async deleteSomeOf(userId: string, limit: number): Promise<number> {
    const result: { affectedRows: number } = await this.transactions.single.query(
      'DELETE FROM activity_participants WHERE user_id = ? LIMIT ?',
      [userId, limit],
    );
    return result.affectedRows;
  }
}

function toParticipant(row: Row): Participant {
  return {
    userId: row['user_id'] as string,
    seatId: row['seat_id'] as string,
    points: Number(row['points']),
    coinsFrom: Number(row['coins_from']),
    joinedAt: row['joined_at'] as Date,
  };
}

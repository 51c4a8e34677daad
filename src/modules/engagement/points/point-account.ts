import type { Transaction } from '../../../platform/database/index.js';

export const pointEntryKinds = ['earn', 'exchange', 'return', 'expire'] as const;
export type PointEntryKind = (typeof pointEntryKinds)[number];

interface NewEntry {
  kind: PointEntryKind;
  points: number;
  reference: string;
}

/** The points of some users, their rows locked until the transaction ends: nobody else changes them meanwhile. */
export class LockedPoints {
  private readonly entries: [user: string, sequence: number, NewEntry, balance: number][] = [];

  private constructor(
    private readonly transaction: Transaction,
    private readonly accounts: Map<string, { balance: number; lastSequence: number }>,
  ) {}

  /** The account of one user, made if there is none. */
  static async ofUser(transaction: Transaction, userId: string): Promise<LockedPoints> {
    // Unlike INSERT IGNORE, this takes the exclusive lock at once, so that two of them do not wait crosswise.
    await transaction.query(
      `INSERT INTO point_accounts (user_id, balance, last_sequence) VALUES (?, 0, 0)
       ON DUPLICATE KEY UPDATE balance = balance`,
      [userId],
    );
    return LockedPoints.ofUsers(transaction, [userId]);
  }

  /** Accounts that there are, locked in the order of their ids. */
  static async ofUsers(transaction: Transaction, userIds: readonly string[]): Promise<LockedPoints> {
    // A scan of a small table would wait for the locks of others.
    const rows: Record<string, string>[] = await transaction.query(
      `SELECT user_id, balance, last_sequence FROM point_accounts FORCE INDEX (PRIMARY)
       WHERE user_id IN (?) ORDER BY user_id FOR UPDATE`,
      [[...userIds].sort()],
    );
    const accounts = rows.map((row): [string, { balance: number; lastSequence: number }] => [
      row['user_id'] ?? '',
      { balance: Number(row['balance']), lastSequence: Number(row['last_sequence']) },
    ]);
    return new LockedPoints(transaction, new Map(accounts));
  }

  balanceOf(userId: string): number {
    return this.accounts.get(userId)?.balance ?? 0;
  }

  /** Changes a balance by an entry, in memory. */
  post(userId: string, entry: NewEntry): void {
    const account = this.accounts.get(userId);
    if (!account) throw new Error(`The points of ${userId} are not locked.`);
    account.balance += entry.points;
    account.lastSequence++;
    this.entries.push([userId, account.lastSequence, entry, account.balance]);
  }

  /** Writes entries and balances. */
  async write(): Promise<void> {
    if (this.entries.length === 0) return;
    const now = await databaseTime(this.transaction);
    await this.transaction.query(
      `INSERT INTO point_entries (user_id, sequence, kind, points, balance_after, reference, created_at) VALUES ?`,
      [
        this.entries.map(([userId, sequence, { kind, points, reference }, balance]) => [
          userId,
          sequence,
          kind,
          points,
          balance,
          reference,
          now,
        ]),
      ],
    );
    const changed = [...new Set(this.entries.map(([userId]) => userId))];
    await this.transaction.query(
      `INSERT INTO point_accounts (user_id, balance, last_sequence) VALUES ?
       ON DUPLICATE KEY UPDATE balance = VALUES(balance), last_sequence = VALUES(last_sequence)`,
      [changed.map((userId) => [userId, this.balanceOf(userId), this.accounts.get(userId)?.lastSequence])],
    );
  }
}

/** The clock that decides. */
export async function databaseTime(transaction: Transaction): Promise<Date> {
  const [row]: { now: Date }[] = await transaction.query('SELECT UTC_TIMESTAMP(3) AS now');
  if (!row) throw new Error('The database does not tell the time.');
  return row.now;
}

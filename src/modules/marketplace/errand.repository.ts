import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import type { MicroCoins } from '../../shared/money.js';
import { activeStates, type Errand, type ErrandState } from './domain/errand.js';
import { ERRAND_COLUMNS, type ErrandRow, toErrand } from './errand.rows.js';

/** An errand as it is asked for. */
export interface NewErrand {
  id: string;
  posterId: string;
  title: string;
  description: string;
  reward: MicroCoins;
  deadlineAt: Date;
  requestKey: Buffer;
  requestHash: Buffer;
}

/** Which open errands to list: the newest first, those before `beforeId`. */
export interface OpenSelection {
  minReward: MicroCoins | undefined;
  deadlineBefore: Date | undefined;
  beforeId: string | undefined;
  limit: number;
}

/** `nextId` is where the next page begins; null if this is the last. */
export interface ErrandPage {
  errands: Errand[];
  nextId: string | null;
}

/** In which role somebody took part. */
export type Party = 'poster' | 'expert';

/** How many open errands one page looks through. */
const LOOKED_THROUGH = 2_000;
/** Ids are lower-case hexadecimal: this is after all of them. */
const AFTER_ALL_IDS = 'g';
/** How long a request may take to hold the reward before a worker does so instead. */
const POSTING_SECONDS = 60;

/** Makes errands and reads them. */
@Injectable()
export class ErrandRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Locks the poster, and counts his errands that have not ended, up to `limit`. */
  async countActive(transaction: Transaction, posterId: string, limit: number): Promise<number> {
    // Locks the row for writing, new or not. INSERT IGNORE would share the lock first, and two such would block each other.
    await transaction.query('INSERT INTO errand_posters (id) VALUES (?) ON DUPLICATE KEY UPDATE id = id', [
      posterId,
    ]);
    const rows: { found: string | number }[] = await transaction.query(
      `SELECT COUNT(*) AS found FROM
         (SELECT 1 FROM errands WHERE poster_id = ? AND state IN (?) LIMIT ?) AS counted`,
      [posterId, activeStates, limit],
    );
    return Number(rows[0]?.found ?? 0);
  }

  /** @throws a duplicate-key error if the poster has used the key. */
  async insertPosting(transaction: Transaction, errand: NewErrand): Promise<void> {
    await transaction.query(
      `INSERT INTO errands (id, poster_id, state, title, description, reward, deadline_at, due_at, request_key,
         request_hash, created_at, changed_at)
       VALUES (?, ?, 'posting', ?, ?, ?, ?, UTC_TIMESTAMP(3) + INTERVAL ? SECOND, ?, ?, UTC_TIMESTAMP(3),
         UTC_TIMESTAMP(3))`,
      [
        errand.id,
        errand.posterId,
        errand.title,
        errand.description,
        errand.reward,
        errand.deadlineAt,
        POSTING_SECONDS,
        errand.requestKey,
        errand.requestHash,
      ],
    );
  }

  async findByKey(
    posterId: string,
    requestKey: Buffer,
  ): Promise<{ errand: Errand; requestHash: Buffer } | undefined> {
    const [row]: (ErrandRow & { request_hash: Buffer })[] = await this.transactions.single.query(
      `SELECT ${ERRAND_COLUMNS}, request_hash FROM errands WHERE poster_id = ? AND request_key = ?`,
      [posterId, requestKey],
    );
    return row && { errand: toErrand(row), requestHash: row.request_hash };
  }

  async findById(id: string): Promise<Errand | undefined> {
    const [row]: ErrandRow[] = await this.transactions.single.query(
      `SELECT ${ERRAND_COLUMNS} FROM errands WHERE id = ?`,
      [id],
    );
    return row && toErrand(row);
  }

  /** What the expert delivered; null if nothing yet. */
  async findDelivery(id: string): Promise<string | null> {
    const rows: { delivery: string | null }[] = await this.transactions.single.query(
      'SELECT delivery FROM errands WHERE id = ?',
      [id],
    );
    return rows[0]?.delivery ?? null;
  }

  /** Open errands, the newest first. Looks through a bounded number, so that a page may have few and a next one. */
  async listOpen({ minReward, deadlineBefore, beforeId, limit }: OpenSelection): Promise<ErrandPage> {
    const before = beforeId ?? AFTER_ALL_IDS;
    const [looked]: { last_id: string | null; found: string | number }[] =
      await this.transactions.single.query(
        `SELECT MIN(id) AS last_id, COUNT(*) AS found FROM
         (SELECT id FROM errands FORCE INDEX (idx_errands_state) WHERE state = 'open' AND id < ?
          ORDER BY id DESC LIMIT ?) AS looked`,
        [before, LOOKED_THROUGH],
      );
    if (!looked?.last_id) return { errands: [], nextId: null };
    const rows: ErrandRow[] = await this.transactions.single.query(
      `SELECT ${ERRAND_COLUMNS} FROM errands FORCE INDEX (idx_errands_state)
       WHERE state = 'open' AND id < ? AND id >= ? AND reward >= ? AND deadline_at < ?
       ORDER BY id DESC LIMIT ?`,
      [before, looked.last_id, minReward ?? 0n, deadlineBefore ?? new Date('9999-12-31'), limit + 1],
    );
    const page = pageOf(rows, limit);
    if (page.nextId !== null || Number(looked.found) < LOOKED_THROUGH) return page;
    return { ...page, nextId: looked.last_id };
  }

  /** A user's errands in one role and, if given, one state; the newest first. */
  async listOf(
    userId: string,
    party: Party,
    state: ErrandState | undefined,
    beforeId: string | undefined,
    limit: number,
  ): Promise<ErrandPage> {
    const states: readonly ErrandState[] = state ? [state] : listedStates;
    // The index has the ids in order within each state: a range of each, so that nothing else is read.
    const ofOneState = `(SELECT ${ERRAND_COLUMNS} FROM errands FORCE INDEX (idx_errands_${party})
      WHERE ${party}_id = ? AND state = ? AND id < ? ORDER BY id DESC LIMIT ?)`;
    const rows: ErrandRow[] = await this.transactions.single.query(
      `${states.map(() => ofOneState).join(' UNION ALL ')} ORDER BY id DESC LIMIT ?`,
      [
        ...states.flatMap((each) => [userId, each, beforeId ?? AFTER_ALL_IDS, limit + 1]),
        limit + 1,
      ] as unknown[],
    );
    return pageOf(rows, limit);
  }

  /** Everybody's errands in a state, the newest first. */
  async listInState(state: ErrandState, beforeId: string | undefined, limit: number): Promise<ErrandPage> {
    const rows: ErrandRow[] = await this.transactions.single.query(
      `SELECT ${ERRAND_COLUMNS} FROM errands FORCE INDEX (idx_errands_state)
       WHERE state = ? AND id < ? ORDER BY id DESC LIMIT ?`,
      [state, beforeId ?? AFTER_ALL_IDS, limit + 1],
    );
    return pageOf(rows, limit);
  }

  /** Errands with ids after `afterId`, in the order of their ids: for checks of the books. */
  async listAfter(afterId: string, limit: number): Promise<Errand[]> {
    const rows: ErrandRow[] = await this.transactions.single.query(
      `SELECT ${ERRAND_COLUMNS} FROM errands WHERE id > ? ORDER BY id LIMIT ?`,
      [afterId, limit],
    );
    return rows.map(toErrand);
  }
}

/** An errand that is still being posted is in no list. */
const listedStates: readonly ErrandState[] = [
  'open',
  'accepted',
  'delivered',
  'disputed',
  'settling',
  'completed',
  'cancelled',
];

function pageOf(rows: readonly ErrandRow[], limit: number): ErrandPage {
  const errands = rows.slice(0, limit).map(toErrand);
  return { errands, nextId: rows.length > limit ? (errands.at(-1)?.id ?? null) : null };
}

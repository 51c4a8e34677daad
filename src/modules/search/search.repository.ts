import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';

/** A posting of the rarest term, and whether the message has the other terms too. */
export interface Candidate {
  messageNo: bigint;
  isMatch: boolean;
}

export interface VectorRow {
  messageNo: bigint;
  messageId: string;
  vector: Int8Array;
}

/** Above every number of a message. */
const NO_BOUND = 2n ** 64n - 1n;

/** Reads the index of one owner. Each method reads no more rows than its limit says. */
@Injectable()
export class SearchRepository {
  constructor(private readonly transactions: Transactions) {}

  /** How many messages have each of these terms, counted up to `limit`; in the order of the terms. */
  async countMessages(ownerKey: bigint, terms: readonly number[], limit: number): Promise<number[]> {
    const count =
      '(SELECT COUNT(*) FROM (SELECT 1 FROM message_terms WHERE owner_key = ? AND term = ? LIMIT ?) AS p)';
    const rows: Record<string, string>[] = await this.transactions.single.query(
      `SELECT ${terms.map((_, index) => `${count} AS c${index}`).join(', ')}`,
      terms.flatMap((term) => [ownerKey, term, limit]),
    );
    return terms.map((_, index) => Number(rows[0]?.[`c${index}`] ?? 0));
  }

  /** The next messages below `before` that have `rarest`, the newest first, and whether they have `others` too. */
  async listCandidates(
    ownerKey: bigint,
    rarest: number,
    others: readonly number[],
    before: bigint | undefined,
    limit: number,
  ): Promise<Candidate[]> {
    // The limit stands inside, so that what is read is bounded whether the others are found or not.
    const joins = others.map(
      (_, index) =>
        `LEFT JOIN message_terms t${index}
           ON t${index}.owner_key = ? AND t${index}.term = ? AND t${index}.message_no = r.message_no`,
    );
    const matches = others.map((_, index) => `t${index}.message_no IS NOT NULL`);
    const rows: { message_no: string; is_match: string | number }[] = await this.transactions.single.query(
      `SELECT r.message_no, ${matches.length > 0 ? matches.join(' AND ') : '1'} AS is_match
       FROM (SELECT message_no FROM message_terms WHERE owner_key = ? AND term = ? AND message_no < ?
             ORDER BY message_no DESC LIMIT ?) AS r
       ${joins.join(' ')} ORDER BY r.message_no DESC`,
      [ownerKey, rarest, before ?? NO_BOUND, limit, ...others.flatMap((term) => [ownerKey, term])],
    );
    return rows.map((row) => ({ messageNo: BigInt(row.message_no), isMatch: Number(row.is_match) === 1 }));
  }

  /** The ids of the messages behind these numbers. */
  async findMessageIds(ownerKey: bigint, messageNos: readonly bigint[]): Promise<Map<bigint, string>> {
    if (messageNos.length === 0) return new Map();
    const rows: { message_no: string; message_id: string }[] = await this.transactions.single.query(
      'SELECT message_no, message_id FROM message_index WHERE owner_key = ? AND message_no IN (?)',
      [ownerKey, messageNos],
    );
    return new Map(rows.map((row) => [BigInt(row.message_no), row.message_id]));
  }

  /** The next messages below `before`, the newest first, with their vectors; null where this embedder made none. */
  async listVectors(
    ownerKey: bigint,
    embedder: string,
    before: bigint | undefined,
    limit: number,
  ): Promise<{ vectors: VectorRow[]; rows: number; last: bigint | undefined }> {
    const rows: { message_no: string; message_id: string; vector: Buffer | null }[] =
      await this.transactions.single.query(
        `SELECT message_no, message_id, IF(embedder = ?, vector, NULL) AS vector FROM message_index
         WHERE owner_key = ? AND message_no < ? ORDER BY message_no DESC LIMIT ?`,
        [embedder, ownerKey, before ?? NO_BOUND, limit],
      );
    const vectors = rows.flatMap(({ message_no, message_id, vector }) =>
      vector === null
        ? []
        : {
            messageNo: BigInt(message_no),
            messageId: message_id,
            vector: new Int8Array(vector.buffer, vector.byteOffset, vector.length),
          },
    );
    const last = rows.at(-1);
    return { vectors, rows: rows.length, last: last && BigInt(last.message_no) };
  }
}

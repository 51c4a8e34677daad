import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';

/** A term to look for, and how much a chunk counts that has it. */
export interface WeightedTerm {
  readonly term: number;
  readonly weight: number;
}

/** How many postings of a term are looked at, the newest, in all files and in named ones. */
const POSTINGS_A_TERM = 2_000;
const FILTERED_POSTINGS_A_TERM = 20_000;
/** More files than this are not named in a statement, but looked for in a longer ranking. */
const MAX_FILES_A_STATEMENT = 500;
const RANKED_BEFORE_FILTER = 5_000;
/** The more often a chunk has a term the more it counts, but never as much as this more. */
const FREQUENCY_SATURATION = 1.2;

/** Ranks the chunks of an owner by the terms they have. */
@Injectable()
export class WordSearchRepository {
  constructor(private readonly transactions: Transactions) {}

  /** How many chunks have each of these terms, counted up to `limit`; in the order of the terms. */
  async countChunks(ownerNo: string, terms: readonly number[], limit: number): Promise<number[]> {
    if (terms.length === 0) return [];
    const count =
      '(SELECT COUNT(*) FROM (SELECT 1 FROM knowledge_terms WHERE owner_no = ? AND term = ? LIMIT ?) AS p)';
    const rows: Record<string, string>[] = await this.transactions.single.query(
      `SELECT ${terms.map((_, index) => `${count} AS c${index}`).join(', ')}`,
      terms.flatMap((term) => [ownerNo, term, limit]),
    );
    return terms.map((_, index) => Number(rows[0]?.[`c${index}`] ?? 0));
  }

  /**
   * The chunks that have most of these terms, the best first; of these files alone if any are named. Of a term the
   * newest 20,000 postings are read at the most.
   */
  async rank(
    ownerNo: string,
    terms: readonly WeightedTerm[],
    fileNos: ReadonlySet<number> | undefined,
    limit: number,
  ): Promise<number[]> {
    if (terms.length === 0) return [];
    const isFilteredHere = fileNos !== undefined && fileNos.size > MAX_FILES_A_STATEMENT;
    const named = fileNos && !isFilteredHere ? [...fileNos] : undefined;
    // Numbers that we have computed; as parameters MySQL would make texts or decimals of them.
    const ofOneTerm = ({ weight }: WeightedTerm) =>
      `(SELECT chunk_no, file_no, ${weight.toFixed(6)} * frequency / (frequency + ${FREQUENCY_SATURATION}) AS score
        FROM (SELECT chunk_no, file_no, frequency FROM knowledge_terms WHERE owner_no = ? AND term = ?
              ORDER BY chunk_no DESC LIMIT ?) AS newest ${named ? 'WHERE file_no IN (?)' : ''})`;
    const rows: { chunk_no: string; file_no: string }[] = await this.transactions.single.query(
      `SELECT chunk_no, MIN(file_no) AS file_no, SUM(score) AS total
       FROM (${terms.map(ofOneTerm).join(' UNION ALL ')}) AS scored
       GROUP BY chunk_no ORDER BY total DESC, chunk_no DESC LIMIT ?`,
      [
        ...terms.flatMap(({ term }) => [
          ownerNo,
          term,
          fileNos ? FILTERED_POSTINGS_A_TERM : POSTINGS_A_TERM,
          ...(named ? [named] : []),
        ]),
        isFilteredHere ? RANKED_BEFORE_FILTER : limit,
      ],
    );
    const ofFiles = isFilteredHere ? rows.filter((row) => fileNos.has(Number(row.file_no))) : rows;
    return ofFiles.slice(0, limit).map((row) => Number(row.chunk_no));
  }
}

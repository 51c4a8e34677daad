import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import { graphFileOvertaken } from './graph.errors.js';

/** A file whose graph is kept. */
export interface GraphFile {
  readonly fileId: string;
  readonly ownerId: string;
}

/** One pass over a file. A later one overtakes it. */
export interface GraphRun extends GraphFile {
  readonly run: number;
  /** What a model has taken since the file was last whole. */
  readonly tokensSpent: number;
}

interface RunRow {
  owner_id: string;
  run: number;
  tokens_spent: string;
}

/** The rows of `graph_files` and `graph_chunks`: which run has a file, and which of its chunks have been read. */
@Injectable()
export class GraphRunRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Begins to read a file, or goes on after a crash; whoever does so already has been overtaken. */
  begin({ fileId, ownerId }: GraphFile): Promise<GraphRun> {
    return this.transactions.run(async (transaction) => {
      // From the left to the right: the state before decides what has been spent.
      await transaction.query(
        `INSERT INTO graph_files (file_id, owner_id, run, state) VALUES (?, ?, 1, 'reading')
         ON DUPLICATE KEY UPDATE run = run + 1, tokens_spent = IF(state = 'reading', tokens_spent, 0), state = 'reading'`,
        [fileId, ownerId],
      );
      const row = await findForUpdate(transaction, fileId);
      if (row?.owner_id !== ownerId) throw new Error(`The graph of the file ${fileId} has another owner.`);
      return { fileId, ownerId, run: row.run, tokensSpent: Number(row.tokens_spent) };
    });
  }

  /** Begins to remove a file's graph. @returns undefined if there is none. */
  beginRemoval(fileId: string): Promise<GraphRun | undefined> {
    return this.transactions.run(async (transaction) => {
      const row = await findForUpdate(transaction, fileId);
      if (!row) return undefined;
      const run = row.run + 1;
      await transaction.query(`UPDATE graph_files SET run = ?, state = 'removing' WHERE file_id = ?`, [
        run,
        fileId,
      ]);
      return { fileId, ownerId: row.owner_id, run, tokensSpent: 0 };
    });
  }

  /**
   * Runs a transaction that changes what is kept of a file. Those of one file go one after the other.
   * @throws graph_file_overtaken if a later run has the file, or it is gone.
   */
  change<T>({ fileId, run }: GraphRun, body: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.transactions.run(async (transaction) => {
      const row = await findForUpdate(transaction, fileId);
      if (row?.run !== run) throw graphFileOvertaken();
      return body(transaction);
    });
  }

  /** Those of these chunks that have been read as they are, by this extractor: what `keyOf` gives is the same. */
  async findUnchanged(run: GraphRun, keys: ReadonlyMap<string, Buffer>): Promise<Set<string>> {
    if (keys.size === 0) return new Set();
    const rows: { chunk_id: string; content_key: Buffer }[] = await this.transactions.single.query(
      'SELECT chunk_id, content_key FROM graph_chunks WHERE chunk_id IN (?) AND file_id = ?',
      [[...keys.keys()], run.fileId],
    );
    const unchanged = rows.filter(({ chunk_id, content_key }) => keys.get(chunk_id)?.equals(content_key));
    return new Set(unchanged.map(({ chunk_id }) => chunk_id));
  }

  /** Notes that chunks are still in the file. */
  async meet(run: GraphRun, chunkIds: readonly string[]): Promise<void> {
    if (chunkIds.length === 0) return;
    await this.change(run, (transaction) =>
      transaction.query('UPDATE graph_chunks SET run = ? WHERE chunk_id IN (?)', [run.run, chunkIds]),
    );
  }

  /** Notes that a chunk has been read. */
  async noteRead(
    transaction: Transaction,
    { fileId, run }: GraphRun,
    chunkId: string,
    contentKey: Buffer,
    extractor: string,
  ): Promise<void> {
    await transaction.query(
      `INSERT INTO graph_chunks (chunk_id, file_id, run, content_key, extractor) VALUES (?, ?, ?, ?, ?)
       ON DUPLICATE KEY UPDATE file_id = VALUES(file_id), run = VALUES(run), content_key = VALUES(content_key),
                               extractor = VALUES(extractor)`,
      [chunkId, fileId, run, contentKey, extractor],
    );
  }

  async noteSpent(run: GraphRun, tokens: number): Promise<void> {
    if (tokens === 0) return;
    await this.change(run, (transaction) =>
      transaction.query('UPDATE graph_files SET tokens_spent = tokens_spent + ? WHERE file_id = ?', [
        tokens,
        run.fileId,
      ]),
    );
  }

  /** Some chunks of a file that a run has not met. */
  async findUnmet(transaction: Transaction, { fileId, run }: GraphRun, limit: number): Promise<string[]> {
    const rows: { chunk_id: string }[] = await transaction.query(
      'SELECT chunk_id FROM graph_chunks WHERE file_id = ? AND run < ? LIMIT ?',
      [fileId, run, limit],
    );
    return rows.map(({ chunk_id }) => chunk_id);
  }

  async forgetChunks(transaction: Transaction, chunkIds: readonly string[]): Promise<void> {
    await transaction.query('DELETE FROM graph_chunks WHERE chunk_id IN (?)', [chunkIds]);
  }

  /** The file has been read to its end. */
  async finish(run: GraphRun): Promise<void> {
    await this.change(run, (transaction) =>
      transaction.query(`UPDATE graph_files SET state = 'whole', tokens_spent = 0 WHERE file_id = ?`, [
        run.fileId,
      ]),
    );
  }

  /** Forgets a file of which nothing is left. */
  async forget(run: GraphRun): Promise<void> {
    await this.change(run, (transaction) =>
      transaction.query('DELETE FROM graph_files WHERE file_id = ?', [run.fileId]),
    );
  }

  /** Some files of an owner. */
  async listFiles(ownerId: string, limit: number): Promise<string[]> {
    const rows: { file_id: string }[] = await this.transactions.single.query(
      'SELECT file_id FROM graph_files WHERE owner_id = ? LIMIT ?',
      [ownerId, limit],
    );
    return rows.map(({ file_id }) => file_id);
  }
}

async function findForUpdate(transaction: Transaction, fileId: string): Promise<RunRow | undefined> {
  const rows: RunRow[] = await transaction.query(
    'SELECT owner_id, run, tokens_spent FROM graph_files WHERE file_id = ? FOR UPDATE',
    [fileId],
  );
  return rows[0];
}

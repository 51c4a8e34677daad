import type { Redis } from 'ioredis';
import { ErasureService } from '../../src/modules/conversation/index.js';
import { ErasureRepository } from '../../src/modules/conversation/erasure/erasure.repository.js';
import { EraseDataHandler } from '../../src/modules/conversation/erasure/erase-data.handler.js';
import { Transactions } from '../../src/platform/database/index.js';
import type { TestApp } from './test-app.js';

export interface ErasureRow {
  kind: string;
  subject_id: string;
  owner_id: string;
  requested_by: string;
  attempts: number;
  finished_at: Date | null;
}

/** The erasures of an installation: looked at past the product, and gone on with as a worker does. */
export class TestErasures {
  private readonly handler: EraseDataHandler;
  private readonly transactions: Transactions;

  constructor(test: TestApp) {
    this.transactions = test.app.get(Transactions);
    this.handler = new EraseDataHandler(
      test.app.get(ErasureRepository, { strict: false }),
      test.app.get(ErasureService),
    );
  }

  async of(subjectId: string): Promise<ErasureRow | undefined> {
    const rows: ErasureRow[] = await this.transactions.single.query(
      'SELECT * FROM erasures WHERE subject_id = ?',
      [subjectId],
    );
    return rows[0];
  }

  /** As if every lease had run out, and every erasure had been asked for a while ago. */
  async makeAllDue(): Promise<void> {
    await this.transactions.single.query(
      `UPDATE erasures SET due_at = due_at - INTERVAL 1 DAY, requested_at = requested_at - INTERVAL 1 DAY
        WHERE finished_at IS NULL`,
    );
  }

  /** Does what a worker does once. */
  async sweepOnce(): Promise<void> {
    await this.handler.run({ signal: new AbortController().signal });
  }

  /** Does what a worker does in a while. Those that wait for something have been looked at several times. */
  async sweep(): Promise<void> {
    for (let n = 0; n < 3; n++) {
      await this.makeAllDue();
      await this.sweepOnce();
    }
  }
}

const TEXT_TYPES = ['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'json'];

/** Every `table.column` in which a text stands anywhere. */
export async function columnsWith(transactions: Transactions, marker: string): Promise<string[]> {
  // Not joined: for a join the server looks into all databases, and waits for one that another test drops.
  const tables: { name: string }[] = await transactions.single.query(
    `SELECT table_name AS name FROM information_schema.tables
      WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'`,
  );
  const columns: { table_name: string; column_name: string }[] = await transactions.single.query(
    `SELECT table_name AS table_name, column_name AS column_name FROM information_schema.columns
      WHERE table_schema = DATABASE() AND table_name IN (?) AND data_type IN (?)`,
    [tables.map(({ name }) => name), TEXT_TYPES],
  );
  const found: string[] = [];
  for (const [table, ofTable] of Map.groupBy(columns, (column) => column.table_name)) {
    const names = ofTable.map((column) => column.column_name);
    const isIn = names.map((name) => `MAX(LOCATE(?, CONVERT(\`${name}\` USING utf8mb4)) > 0) AS \`${name}\``);
    const [row]: Record<string, number | string | null>[] = await transactions.single.query(
      `SELECT ${isIn.join(', ')} FROM \`${table}\``,
      names.map(() => marker),
    );
    found.push(...names.filter((name) => Number(row?.[name]) > 0).map((name) => `${table}.${name}`));
  }
  return found;
}

/** Every key of a Redis whose name or value holds a text. */
export async function keysWith(redis: Redis, marker: string): Promise<string[]> {
  const found: string[] = [];
  for (const key of await redis.keys('*')) {
    const value = await valueOf(redis, key);
    if (key.includes(marker) || JSON.stringify(value).includes(marker)) found.push(key);
  }
  return found;
}

async function valueOf(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, 0, -1);
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      return null;
  }
}

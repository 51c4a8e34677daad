import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Transactions } from '../../src/platform/database/index.js';
import { columnsWith } from '../factories/erasures.js';
import { createProduct, type Product } from '../factories/product.js';
import { Administrator } from '../factories/product-users.js';
import { openDatabase } from '../factories/test-database.js';
import { waitUntil } from '../factories/wait.js';

let product: Product;
let database: Transactions & AsyncDisposable;
beforeAll(async () => {
  product = await createProduct();
  database = await openDatabase(product.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await product.dispose();
});

it('an API process that is killed in the middle of an erasure leaves it to a worker, which finishes it', async () => {
  const api = await product.startApi();
  const user = await (await Administrator.of(product, api.url)).createUser('10');
  const marker = `marker-${randomUUID()}`;
  const headers = { authorization: `Bearer ${user.apiKey}` };
  const conversationId = randomUUID();
  const now = new Date();
  await database.single.query(
    'INSERT INTO conversations (id, owner_id, title, created_at, last_activity_at) VALUES (?, ?, ?, ?, ?)',
    [conversationId, user.id, marker, now, now],
  );
  const turnIds = Array.from({ length: 100 }, () => randomUUID());
  await database.single.query(
    `INSERT INTO turns (id, conversation_id, owner_id, status, model, prompt_tokens, completion_tokens, usage_source,
       cost_micro_coins, started_at, finished_at, saved_at) VALUES ?`,
    [turnIds.map((id) => [id, conversationId, user.id, 'complete', marker, 1, 1, 'none', 0, now, now, now])],
  );
  await database.single.query(
    `INSERT INTO conversation_messages (id, conversation_id, turn_id, sequence, role, content, status, tokens,
       created_at) VALUES ?`,
    [turnIds.map((id, n) => [randomUUID(), conversationId, id, n + 1, 'user', marker, 'complete', 1, now])],
  );

  await database.run(async (transaction) => {
    // It gets as far as the turns, and no further.
    await transaction.query('LOCK TABLES turns READ');
    const answer = await fetch(`${api.url}/api/conversations/${conversationId}`, {
      method: 'DELETE',
      headers,
    });
    expect(answer.status).toBe(204);
    await api.kill();
    await transaction.query('UNLOCK TABLES');
  });
  expect(await columnsWith(database, marker)).toEqual(['turns.model']);

  await product.startWorker();
  await waitUntil('the erasure is finished', async () => {
    const sql = 'SELECT finished_at FROM erasures WHERE subject_id = ?';
    const rows: { finished_at: Date | null }[] = await database.single.query(sql, [conversationId]);
    return Boolean(rows[0]?.finished_at);
  });
  expect(await columnsWith(database, marker)).toEqual([]);
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Redis } from 'ioredis';
import { CleanUpFilesHandler } from '../../src/modules/file/removal/clean-up-files.handler.js';
import { DURABLE_REDIS } from '../../src/platform/redis/index.js';
import { columnsWith, keysWith } from '../factories/erasures.js';
import { IngestionBench } from '../factories/ingestion-bench.js';
import { rowsOf, straysIn, WHOLE } from '../factories/ingestion-books.js';
import { CHUNKS, EMBEDDED_AT_ONCE, READ_AT_ONCE, traps } from '../factories/ingestion-traps.js';
import type { TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const LONG_MS = 90_000;
const NOTHING = Object.fromEntries(Object.keys(WHOLE).map((key) => [key, 0]));

describe('the processing of a file', { timeout: LONG_MS }, () => {
  let bench: IngestionBench;
  let user: TestUser;
  beforeAll(async () => {
    bench = await IngestionBench.start();
  });
  beforeEach(async () => {
    bench.services.answer();
    user = await bench.files.user();
  });
  afterEach(() => bench.stopWorker());
  afterAll(() => bench.close());

  /** As if the pause before the next try were over. */
  const tryAgainNow = async () => {
    await waitUntil('it is to be tried again', async () => {
      const result: { affectedRows: number } = await bench.files.transactions.single.query(
        `UPDATE tasks SET due_at = UTC_TIMESTAMP(3) WHERE owner_id = ? AND state = 'scheduled'`,
        [user.id],
      );
      return result.affectedRows === 1;
    });
  };

  it('goes on at the chunk where the embedder went away, and nothing is embedded twice', async () => {
    const { services } = bench;
    services.answer({
      embed: async (call, number) => {
        if (number !== 2) return;
        call.refuse(503, 'Not now.');
        return true;
      },
    });
    const id = await bench.upload(user, 'Walruses');
    await bench.startWorker();
    await tryAgainNow();
    expect(services.embedded).toHaveLength(CHUNKS);
    await bench.completed(user, id);
    // Only what was refused is asked for again.
    expect(services.embedded.slice(CHUNKS)).toEqual(services.embedded.slice(EMBEDDED_AT_ONCE, CHUNKS));
    expect(await rowsOf(bench.files.transactions, user.id)).toEqual(WHOLE);
  });

  it('goes on at the chunk where the model went away, and reads nothing twice', async () => {
    const { services } = bench;
    services.answer({
      readGraph: async (call, number) => {
        if (number !== 3) return;
        call.refuse(503, 'Not now.');
        return true;
      },
    });
    const id = await bench.upload(user, 'Walruses');
    await bench.startWorker();
    await tryAgainNow();
    const refused = services.read[2];
    await bench.completed(user, id);
    expect(services.read).toHaveLength(Math.ceil(CHUNKS / READ_AT_ONCE) + 1);
    expect(new Set(services.read).size).toBe(services.read.length - 1);
    expect(services.read[3]).toBe(refused);
    expect(new Set(services.embedded).size).toBe(services.embedded.length);
    expect(await rowsOf(bench.files.transactions, user.id)).toEqual(WHOLE);
  });

  it.each(Object.keys(traps))('leaves no trace of a file that is deleted while %s', async (step) => {
    const marker = 'Zephyrus';
    const id = await bench.upload(user, marker);
    const trap = await bench.setTrap(step, id);
    let status: number;
    const worker = await bench.startWorker();
    try {
      await trap.sprung;
      ({ status } = await bench.files.call(user, 'DELETE', `/${id}`));
    } finally {
      await trap.release();
    }
    expect(status).toBe(204);
    expect((await bench.files.call(user, 'GET', `/${id}`)).status).toBe(404);
    const handler = worker.get(CleanUpFilesHandler, { strict: false });
    const { transactions } = bench.files;
    await waitUntil('nothing is left', async () => {
      await transactions.single.query('UPDATE files SET due_at = UTC_TIMESTAMP(3) WHERE owner_id = ?', [
        user.id,
      ]);
      await handler.run({ signal: new AbortController().signal });
      return (await bench.files.rows(user)).length === 0;
    });
    expect(await rowsOf(transactions, user.id)).toEqual(NOTHING);
    expect(await straysIn(transactions)).toEqual({});
    expect(bench.services.storage.objects.has(id)).toBe(false);
    // The collection was named after it.
    expect(await columnsWith(transactions, marker)).toEqual(['knowledge_collections.name']);
    expect(await keysWith(bench.test.app.get<Redis>(DURABLE_REDIS), marker)).toEqual([]);
    await transactions.single.query('DELETE FROM knowledge_collections');
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnsWith, TestErasures } from '../factories/erasures.js';
import { TestGraphFile, TestGraphs } from '../factories/graph.js';
import { IngestionBench } from '../factories/ingestion-bench.js';
import { straysIn } from '../factories/ingestion-books.js';
import { chunksOf } from '../factories/knowledge.js';
import { KnowledgeService } from '../../src/modules/knowledge/index.js';
import { bearer, type TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const TABLES = [
  'tasks',
  'files',
  'knowledge_owners',
  'knowledge_collections',
  'graph_files',
  'graph_entities',
];

describe('the erasure of a user whose file is processed', { timeout: 90_000 }, () => {
  let bench: IngestionBench;
  beforeAll(async () => {
    bench = await IngestionBench.start();
  });
  afterAll(() => bench.close());

  const erase = async (user: TestUser) => {
    const answer = await bench.test.app.inject({
      method: 'DELETE',
      url: '/api/account',
      headers: bearer(user.accessToken),
      payload: { password: user.password },
    });
    expect(answer.statusCode).toBe(204);
  };
  const rowsLeft = async (user: TestUser) => {
    const left: string[] = [];
    for (const table of TABLES) {
      const rows: unknown[] = await bench.files.transactions.single.query(
        `SELECT 1 FROM ${table} WHERE owner_id = ?`,
        [user.id],
      );
      if (rows.length > 0) left.push(table);
    }
    return left;
  };

  it.each(['chunks are stored', 'chunks are embedded', 'the graph is read'])(
    'ends the task first, and leaves nothing, while %s',
    async (step) => {
      const { transactions } = bench.files;
      const user = await bench.files.user();
      const marker = `Zephyrus${randomUUID().slice(0, 8)}`;
      const trap = await bench.setTrap(step, await bench.upload(user, marker));
      await bench.startWorker();
      try {
        await trap.sprung;
        await erase(user);
      } finally {
        await trap.release();
      }
      const erasures = new TestErasures(bench.test);
      await waitUntil('the erasure is done', async () => {
        await erasures.sweep();
        return (await erasures.of(user.id))?.finished_at;
      });
      expect(await rowsLeft(user)).toEqual([]);
      expect(await columnsWith(transactions, marker)).toEqual([]);
      expect(await straysIn(transactions)).toEqual({});
      expect(bench.services.storage.objects.size).toBe(0);
      await bench.stopWorker();
    },
  );

  it('waits for a run that has not heard yet that it is to end, and erases then', async () => {
    const { transactions } = bench.files;
    const user = await bench.files.user();
    const id = await bench.upload(user, 'Zephyrus');
    // As a worker does that begins it.
    await waitUntil('it is at hand', async () => {
      const result: { affectedRows: number } = await transactions.single.query(
        `UPDATE tasks SET state = 'started', run_token = ?, heartbeat_at = UTC_TIMESTAMP(3), started_at = UTC_TIMESTAMP(3)
         WHERE subject_id = ? AND state = 'admitted'`,
        [randomUUID(), id],
      );
      return result.affectedRows === 1;
    });
    await transactions.single.query(
      'UPDATE task_lanes SET started = 1, admitted = 0 WHERE owner_id = ? AND admitted = 1',
      [user.id],
    );
    await erase(user);
    const erasures = new TestErasures(bench.test);
    await erasures.makeAllDue();
    await erasures.sweepOnce();
    expect(await erasures.of(user.id)).toMatchObject({ finished_at: null });
    expect(await rowsLeft(user)).toContain('tasks');
    await transactions.single.query(
      `UPDATE tasks SET state = 'cancelled', run_token = NULL WHERE owner_id = ? AND is_cancel_requested = 1`,
      [user.id],
    );
    await transactions.single.query(
      'UPDATE task_lanes SET started = 0, cancelled = 1 WHERE owner_id = ? AND started = 1',
      [user.id],
    );
    await erasures.sweep();
    expect(await erasures.of(user.id)).toMatchObject({ finished_at: expect.any(Date) });
    expect(await rowsLeft(user)).toEqual([]);
  });

  it('lets nothing of the user be made again, however late it comes', async () => {
    const user = await bench.files.user();
    await erase(user);
    await new TestErasures(bench.test).sweep();
    const source = { fileId: randomUUID(), ownerId: user.id };
    const knowledge = bench.test.app.get(KnowledgeService);
    await expect(knowledge.replaceChunks(source, chunksOf(['late']))).rejects.toMatchObject({
      code: 'knowledge_file_superseded',
    });
    await expect(
      new TestGraphs(bench.test).read(new TestGraphFile(user.id, ['Ada knows Bob.'])),
    ).rejects.toMatchObject({ code: 'graph_file_overtaken' });
    expect(await rowsLeft(user)).toEqual([]);
  });
});

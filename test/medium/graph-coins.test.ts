import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CoinAccountService, ReconciliationService } from '../../src/modules/coin-account/index.js';
import { readingGraph } from '../fakes/graph-model.js';
import { refusing } from '../fakes/openai-upstream.js';
import { TestGraphFile, TestGraphs } from '../factories/graph.js';
import { IngestionBench } from '../factories/ingestion-bench.js';
import { CHUNKS, READ_AT_ONCE } from '../factories/ingestion-traps.js';
import { bearer } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const CALLS = Math.ceil(CHUNKS / READ_AT_ONCE);
/** Of a coin for a million tokens of either kind, a call of 110 tokens. */
const CALL_COST = 110n;
const MODELS = JSON.stringify([
  { id: 'reader', input_price: '1', output_price: '1', max_output_tokens: 2000 },
]);

describe('the graph that a model with a price reads', { timeout: 90_000 }, () => {
  let bench: IngestionBench;
  let graphs: TestGraphs;
  let coins: CoinAccountService;
  beforeAll(async () => {
    bench = await IngestionBench.start({ LOCKKEEPER_MODELS: MODELS });
    graphs = new TestGraphs(bench.test);
    coins = bench.test.app.get(CoinAccountService, { strict: false });
  });
  beforeEach(() => bench.services.answer());
  afterEach(() => bench.stopWorker());
  afterAll(() => bench.close());

  const grant = (accountId: string, amount: bigint) =>
    coins.grantCoins({
      accountId,
      amount,
      reason: 'purchase',
      actor: 'operator',
      idempotencyKey: randomUUID(),
    });
  const accountOf = async (id: string) => {
    const { balance, frozen } = await coins.accountOf(id);
    return { balance, frozen };
  };
  const textsOf = (count: number) => Array.from({ length: count }, (_, n) => `Ada knows Bob${n}.`);

  it('is paid for by the owner, each call once and for what it has taken', async () => {
    const owner = randomUUID();
    await grant(owner, 1_000_000n);
    const file = await graphs.fileOf(owner, ...textsOf(14));
    expect(await accountOf(owner)).toEqual({ balance: 1_000_000n - 3n * CALL_COST, frozen: 0n });
    // What is read already is not asked about again.
    await graphs.read(file);
    expect(await accountOf(owner)).toEqual({ balance: 1_000_000n - 3n * CALL_COST, frozen: 0n });
    const holds: object[] = await graphs.transactions.single.query(
      `SELECT purpose, reference, status FROM coin_holds WHERE account_id = ?`,
      [owner],
    );
    const settled = { purpose: 'graph', reference: file.fileId, status: 'settled' };
    expect(holds).toEqual([settled, settled, settled]);
  });

  it('costs nothing where the provider fails, and goes on where it did', async () => {
    const owner = randomUUID();
    await grant(owner, 1_000_000n);
    const file = new TestGraphFile(owner, textsOf(12));
    bench.services.upstream.follow(readingGraph, refusing(503));
    await expect(graphs.read(file)).rejects.toMatchObject({ code: expect.stringMatching(/^provider_/) });
    expect(await accountOf(owner)).toEqual({ balance: 1_000_000n - CALL_COST, frozen: 0n });
    bench.services.upstream.follow(readingGraph);
    await graphs.read(file);
    expect(await accountOf(owner)).toEqual({ balance: 1_000_000n - 2n * CALL_COST, frozen: 0n });
  });

  it('is not read for an owner with too few coins, who can use the rest of the file, and have it read later', async () => {
    const { files } = bench;
    const user = await files.user();
    const id = await bench.upload(user, 'Walruses');
    await bench.startWorker();
    const failed = await waitUntil('the file has failed', async () => {
      const file = await files.read(user, id);
      return file.status === 'failed' && file;
    });
    expect(failed).toMatchObject({
      steps: {
        chunking: 'completed',
        vectorization: 'completed',
        storage: 'completed',
        kg_extraction: 'failed',
      },
      message: expect.stringMatching(/^This needs .* coins; .* are available\.$/),
    });
    expect(bench.services.read).toEqual([]);
    const get = async (url: string) =>
      (await bench.test.app.inject({ url, headers: bearer(user.accessToken) })).json<
        Record<string, unknown>
      >();
    const task = await waitUntil('its task has failed', async () => {
      const found = await get(`/api/tasks/${failed.job_id}`);
      return found['state'] === 'failed' && found;
    });
    // Trying it again would be of no use.
    expect(task).toMatchObject({ attempt: 1, error: { code: 'insufficient_coins' } });
    expect((await get('/api/knowledge/search?q=walruses'))['items']).not.toEqual([]);
    await grant(user.id, 1_000_000n);
    expect((await files.call(user, 'POST', `/${id}/extract-graph`)).status).toBe(202);
    await bench.completed(user, id);
    expect(await accountOf(user.id)).toEqual({ balance: 1_000_000n - BigInt(CALLS) * CALL_COST, frozen: 0n });
    const report = await bench.test.app.get(ReconciliationService, { strict: false }).reconcile();
    expect(report.isClean).toBe(true);
  });
});

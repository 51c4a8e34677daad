import { fastify, type FastifyInstance } from 'fastify';
import { importBuilt } from '../lib/built-services.ts';
import { median } from '../lib/samples.ts';

const BATCH = 2_000;
const NANOSECONDS_PER_MS = 1e6;

/**
 * What counting and timing adds to a request, in nanoseconds: the same bare route with and without, in turn, in this
 * process and without a network.
 */
export async function measureRequestCost(rounds: number): Promise<number> {
  const { HttpMetrics } = await importBuilt<typeof import('../../src/platform/http/http-metrics.ts')>(
    'platform/http/http-metrics.js',
  );
  const [bare, counting] = [fastify(), fastify()];
  new HttpMetrics().install(counting);
  for (const app of [bare, counting]) app.get('/route/:id', async () => 'ok');
  const differences: number[] = [];
  for (let round = 0; round < rounds + 1; round++) {
    const without = await timeBatch(bare);
    const withMetrics = await timeBatch(counting);
    // The first is for warming up.
    if (round > 0) differences.push(withMetrics - without);
  }
  await Promise.all([bare.close(), counting.close()]);
  return median(differences);
}

async function timeBatch(app: FastifyInstance): Promise<number> {
  const startedMs = performance.now();
  for (let request = 0; request < BATCH; request++) await app.inject('/route/1');
  return ((performance.now() - startedMs) * NANOSECONDS_PER_MS) / BATCH;
}

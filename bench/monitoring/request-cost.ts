import { fastify, type FastifyInstance } from 'fastify';
import { importBuilt } from '../lib/built-services.ts';
import { median } from '../lib/samples.ts';

const BATCH = 2_000;
const NANOSECONDS_PER_US = 1_000;

/**
 * What counting and timing adds to a request, in nanoseconds of processor time: the same bare route with and without, in turn, in this
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
  const before = process.cpuUsage();
  for (let request = 0; request < BATCH; request++) await app.inject('/route/1');
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * NANOSECONDS_PER_US) / BATCH;
}

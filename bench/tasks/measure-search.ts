import { exactSearch, MetricKind } from 'usearch';
import type { BenchContext, Row } from '../lib/benchmark.ts';
import { type CpuCosts, costsOfOne, watchCpu } from '../lib/cpu-costs.ts';
import { atLeast, atMost, type Goal } from '../lib/goals.ts';
import { round } from '../lib/report.ts';
import { median, Samples } from '../lib/samples.ts';
import { settleDatabase } from '../lib/settle-database.ts';
import { createUsers } from '../lib/users.ts';
import { type KnowledgeServices, openKnowledge } from './knowledge-services.ts';
import { createInstallation, type PartResult, removeInstallation, type TaskInstallation } from './part.ts';
import { type FilledOwner, fillOwner } from './passage-rows.ts';
import { PassageTexts } from './passage-texts.ts';

/** How many chunks an owner has, and what the p95 of a search in them may be. */
const SIZES = [
  { chunks: 100_000, maxP95Ms: 30 },
  { chunks: 1_000_000, maxP95Ms: 60 },
];
const QUICK_CHUNKS = [2_000, 10_000];
const MIN_RECALL = 0.95;
const NEIGHBOURS = 10;
/** As many as the product asks its vectors for, by default. */
const CANDIDATES = 50;
const ROUNDS = 5;
const QUERIES = 100;
const QUICK_QUERIES = 10;
const RECALL_QUERIES = 100;
const WARM_UPS = 50;
/** As many floats as stay in the processor's cache while all queries are compared with them. */
const ROWS_A_BLOCK = 8_192;
/** Distances are of 32-bit floats. */
const EPSILON = 1e-6;
/** As a server's memory should be: it holds what is searched. */
const POOL_BYTES = 6 * 1024 ** 3;

/** The product's own search over HTTP, one reader at a time; and what its vectors find of what they should. */
export async function measureSearch(context: BenchContext): Promise<PartResult> {
  const { isQuick, rows: wanted } = context.settings;
  const installation = await createInstallation(context);
  const { database, environment } = installation;
  await database.query('SET GLOBAL local_infile = 1');
  await database.query(`SET GLOBAL innodb_buffer_pool_size = ${POOL_BYTES}`);
  // What it is filled with may be lost.
  await database.query('SET GLOBAL innodb_flush_log_at_trx_commit = 2');
  const knowledge = await openKnowledge(environment);
  const texts = new PassageTexts();
  context.report(`Search: ${texts.count} sentences of this machine's documents`);
  const rows: Row[] = [];
  const goals: Goal[] = [];
  for (const [index, { chunks, maxP95Ms }] of SIZES.entries()) {
    const smaller = SIZES[index - 1]?.chunks ?? 0;
    // Fewer are wanted than even the size before.
    if (!isQuick && wanted !== undefined && wanted <= smaller) break;
    const count = isQuick ? (QUICK_CHUNKS[index] ?? 0) : Math.min(chunks, wanted ?? chunks);
    const measured = await measureSize(context, installation, knowledge, texts, count);
    rows.push(...measured.rows);
    goals.push(
      atMost(maxP95Ms, 'ms', `search in ${count} chunks, p95`, measured.p95Ms),
      atLeast(MIN_RECALL, 'x', `recall@${NEIGHBOURS} of the vectors of ${count} chunks`, measured.recall),
    );
  }
  await database.query('SET GLOBAL innodb_flush_log_at_trx_commit = 1');
  await knowledge.close();
  await removeInstallation(installation);
  return { tables: [{ title: 'Search, one reader at a time, per search', rows }], goals };
}

async function measureSize(
  context: BenchContext,
  installation: TaskInstallation,
  knowledge: KnowledgeServices,
  texts: PassageTexts,
  count: number,
): Promise<{ rows: Row[]; p95Ms: number; recall: number }> {
  const { report, settings } = context;
  const [user] = await createUsers(installation.environment, 1, 0n, ['files']);
  const filled = await fillOwner(installation, knowledge, texts, { id: user?.id ?? '', count }, report);
  report('Search: waiting until it is written');
  await settleDatabase(installation.database);
  report('Search: recall');
  const { recall, vectorsMs } = await measureRecall(knowledge, texts, filled, settings.isQuick);
  // Nothing of this process is to be in the way of the API's.
  filled.vectors = new Float32Array(0);
  const api = await installation.product.startApi();
  const search = searcher(api.url, user?.apiKey ?? '', texts);
  const { ms: firstMs } = await search('');
  const queries = settings.isQuick ? QUICK_QUERIES : QUERIES;
  const everywhere = await timeRounds(installation, api.pid, queries, () => search(''));
  const inCollection = await timeRounds(installation, api.pid, queries, () =>
    search(`&collection_id=${filled.collectionId}`),
  );
  await api.stop();
  report(`Search: in ${count} chunks p95 ${everywhere.p95Ms.toFixed(1)} ms, recall ${recall.toFixed(3)}`);
  const head = { chunks: count };
  return {
    rows: [
      {
        ...head,
        where: 'everywhere',
        first_s: round(firstMs / 1000),
        ...everywhere.cells,
        recall: round(recall),
      },
      { ...head, where: 'in a fiftieth', first_s: null, ...inCollection.cells, recall: null },
      {
        ...head,
        where: 'vectors alone, without HTTP',
        first_s: null,
        p50_ms: round(vectorsMs.percentile(50)),
        p95_ms: round(vectorsMs.percentile(95)),
        recall: null,
      },
    ],
    p95Ms: everywhere.p95Ms,
    recall,
  };
}

/** The next query each time, over HTTP. @returns what it took @throws if it finds nothing */
function searcher(url: string, apiKey: string, texts: PassageTexts) {
  let number = 0;
  return async (where: string): Promise<{ ms: number }> => {
    const q = encodeURIComponent(texts.query(++number));
    const startedAt = performance.now();
    const response = await fetch(`${url}/api/knowledge/search?q=${q}&limit=${NEIGHBOURS}${where}`, {
      headers: { authorization: `Bearer ${apiKey}` },
    });
    const answer = (await response.json()) as { items?: unknown[]; is_hybrid?: boolean };
    const ms = performance.now() - startedAt;
    if (!response.ok || answer.items?.length === 0 || answer.is_hybrid !== true) {
      throw new Error(`A search was answered with ${response.status}: ${JSON.stringify(answer)}`);
    }
    return { ms };
  };
}

/** The medians of the rounds: what else the machine does falls into one or two of them. */
async function timeRounds(
  { servers }: TaskInstallation,
  pid: number,
  queries: number,
  search: () => Promise<{ ms: number }>,
) {
  for (let number = 0; number < WARM_UPS; number++) await search();
  const p50s: number[] = [];
  const p95s: number[] = [];
  const costs: CpuCosts[] = [];
  for (let number = 0; number < ROUNDS; number++) {
    const samples = new Samples();
    const cpu = watchCpu(servers, { api: [pid] });
    for (let query = 0; query < queries; query++) samples.add((await search()).ms);
    costs.push(costsOfOne(cpu(), queries));
    p50s.push(samples.percentile(50));
    p95s.push(samples.percentile(95));
  }
  const cpuOf = (role: string) => round(median(costs.map((each) => each[role] ?? Number.NaN)));
  return {
    p95Ms: median(p95s),
    cells: {
      p50_ms: round(median(p50s)),
      p95_ms: round(median(p95s)),
      best_p95_ms: round(Math.min(...p95s)),
      api_cpu_ms: cpuOf('api'),
      mariadb_cpu_ms: cpuOf('mariadb'),
    },
  };
}

/** Which part of the true neighbours the product's vectors have among their first, and how long they take. */
async function measureRecall(
  knowledge: KnowledgeServices,
  texts: PassageTexts,
  filled: FilledOwner,
  isQuick: boolean,
): Promise<{ recall: number; vectorsMs: Samples }> {
  const { dimensions } = knowledge;
  const vectorsMs = new Samples();
  const count = isQuick ? QUICK_QUERIES : RECALL_QUERIES;
  const queries = Array.from({ length: count }, (_, number) => knowledge.embed(texts.query(number + 1)));
  const least = leastOfTrue(filled.vectors, queries, dimensions);
  let found = 0;
  // Reads all vectors.
  await knowledge.vectors.search(filled.ownerNo, knowledge.embed(texts.query(0)), { limit: CANDIDATES });
  for (const [number, query] of queries.entries()) {
    const startedAt = performance.now();
    const hits = await knowledge.vectors.search(filled.ownerNo, query, { limit: CANDIDATES });
    vectorsMs.add(performance.now() - startedAt);
    for (const { chunkNo } of hits.slice(0, NEIGHBOURS)) {
      const at = (chunkNo - filled.firstChunkNo) * dimensions;
      const score = product(query, filled.vectors.subarray(at, at + dimensions));
      if (score >= (least[number] ?? Number.NaN) - EPSILON) found++;
    }
  }
  return { recall: found / (count * NEIGHBOURS), vectorsMs };
}

/** For each query the cosine of the last of its true neighbours: whatever is as near is as good. */
function leastOfTrue(vectors: Float32Array, queries: readonly Float32Array[], dimensions: number): number[] {
  const scores: number[][] = queries.map(() => []);
  for (let start = 0; start < vectors.length; start += ROWS_A_BLOCK * dimensions) {
    // A copy: the library reads buffers from their beginning, wherever a view of them begins.
    const block = vectors.slice(start, start + ROWS_A_BLOCK * dimensions);
    queries.forEach((query, number) => {
      const found = exactSearch(block, query, dimensions, NEIGHBOURS, MetricKind.Cos, 1);
      for (const key of found.keys) {
        const at = Number(key) * dimensions;
        scores[number]?.push(product(query, block.subarray(at, at + dimensions)));
      }
    });
  }
  return scores.map((each) => each.sort((a, b) => b - a)[NEIGHBOURS - 1] ?? Number.NaN);
}

/** Of vectors of length 1: the cosine. */
function product(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}

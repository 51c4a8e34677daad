/** The program of a thread that compares vectors: it is lent blocks, and gives them back with what it has found. */
import { parentPort } from 'node:worker_threads';
import { exactSearch, MetricKind } from 'usearch';
import type { ScanAnswer, ScanHit, ScanOrder } from './scan-messages.js';

parentPort?.on('message', (order: ScanOrder) => {
  const { id, blocks } = order;
  parentPort?.postMessage({ id, blocks, ...tryScan(order) } satisfies ScanAnswer, [...blocks]);
});

function tryScan(order: ScanOrder): Pick<ScanAnswer, 'hits' | 'failure'> {
  try {
    return { hits: scan(order) };
  } catch (error) {
    return { hits: [], failure: String(error) };
  }
}

function scan({ blocks, rows, query, dimensions, limit }: ScanOrder): ScanHit[] {
  const hits: ScanHit[] = [];
  blocks.forEach((bytes, block) => {
    const count = rows[block] ?? 0;
    if (count === 0) return;
    const vectors = new Int8Array(bytes, 0, count * dimensions);
    const found = exactSearch(vectors, query, dimensions, Math.min(limit, count), MetricKind.Cos, 1);
    found.keys.forEach((key, rank) => {
      const score = 1 - (found.distances[rank] ?? 1);
      if (score > 0) hits.push({ block, row: Number(key), score });
    });
  });
  return hits.sort((a, b) => b.score - a.score).slice(0, limit);
}

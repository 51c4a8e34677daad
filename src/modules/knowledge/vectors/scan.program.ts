/** The program of a thread that compares vectors in memory that it shares with the others. */
import { parentPort } from 'node:worker_threads';
import { exactSearch, MetricKind } from 'usearch';
import type { ScanAnswer, ScanHit, ScanMessage, ScanOrder } from './scan-messages.js';

const known = new Map<number, Int8Array<SharedArrayBuffer>>();

parentPort?.on('message', (message: ScanMessage) => {
  if (message.kind === 'forget') {
    for (const id of message.blockIds) known.delete(id);
    return;
  }
  parentPort?.postMessage(tryScan(message.order), []);
});

function tryScan(order: ScanOrder): ScanAnswer {
  try {
    return { id: order.id, hits: scan(order) };
  } catch (error) {
    return { id: order.id, hits: [], failure: String(error) };
  }
}

function scan({ blocks, query, dimensions, limit }: ScanOrder): ScanHit[] {
  for (const { id, bytes } of blocks) if (bytes) known.set(id, bytes);
  const hits: ScanHit[] = [];
  for (const { id, rows } of blocks) {
    const vectors = known.get(id)?.subarray(0, rows * dimensions);
    if (!vectors) throw new Error(`There is no block ${id}.`);
    const found = exactSearch(vectors, query, dimensions, Math.min(limit, rows), MetricKind.Cos, 1);
    found.keys.forEach((key, rank) => {
      const score = 1 - (found.distances[rank] ?? 1);
      if (score > 0) hits.push({ blockId: id, row: Number(key), score });
    });
  }
  return hits.sort((a, b) => b.score - a.score).slice(0, limit);
}

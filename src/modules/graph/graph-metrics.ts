import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';
import { counter } from '../../platform/metrics/index.js';
import type { ChunkOutcome } from './extractors/graph-extractor.js';

export const graphMetricProviders = [
  counter(
    'lockkeeper_graph_chunks_total',
    'Chunks that were read for the knowledge graph, by what came of it.',
    ['outcome'],
  ),
  counter('lockkeeper_graph_tokens_total', 'Tokens that a model has taken for the knowledge graph.', []),
];

/** Counts what is read for the graph in this process. */
@Injectable()
export class GraphMetrics {
  constructor(
    @InjectMetric('lockkeeper_graph_chunks_total') private readonly chunks: Counter,
    @InjectMetric('lockkeeper_graph_tokens_total') private readonly tokens: Counter,
  ) {}

  came(outcome: ChunkOutcome['state']): void {
    this.chunks.inc({ outcome });
  }

  spent(tokens: number): void {
    this.tokens.inc(tokens);
  }
}

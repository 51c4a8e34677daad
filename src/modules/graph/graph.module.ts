import { Module } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { CoinAccountModule } from '../coin-account/index.js';
import { ConversationModule } from '../conversation/index.js';
import { ProviderModule, ProviderService } from '../provider/index.js';
import { GRAPH_EXTRACTOR, type GraphExtractor } from './extractors/graph-extractor.js';
import { ModelExtractor } from './extractors/model-extractor.js';
import { RulesExtractor } from './extractors/rules-extractor.js';
import { FileGraphRepository } from './file-graph.repository.js';
import { FileGraphReader } from './file-graph.service.js';
import { GraphCharges } from './graph-charges.js';
import { GraphErasure } from './graph-erasure.js';
import { GraphMetrics, graphMetricProviders } from './graph-metrics.js';
import { GraphReadRepository } from './graph-read.repository.js';
import { GraphRunRepository } from './graph-run.repository.js';
import { GraphWalk } from './graph-walk.service.js';
import { graphConfig } from './graph.config.js';
import { GraphRepository } from './graph.repository.js';
import { GraphService } from './graph.service.js';

/** The knowledge graph: entities and relations that the files of an owner name. */
@Module({
  imports: [CoinAccountModule, ConversationModule, ProviderModule],
  providers: [
    ...graphMetricProviders,
    GraphMetrics,
    GraphCharges,
    {
      provide: GRAPH_EXTRACTOR,
      inject: [graphConfig.token, ProviderService],
      useFactory: (config: ConfigOf<typeof graphConfig>, provider: ProviderService): GraphExtractor =>
        config.extractor === 'model' ? new ModelExtractor(config, provider) : new RulesExtractor(),
    },
    GraphRunRepository,
    GraphRepository,
    GraphService,
    GraphErasure,
    GraphReadRepository,
    GraphWalk,
    FileGraphRepository,
    FileGraphReader,
  ],
  exports: [GraphService, FileGraphReader, GraphReadRepository, GraphWalk],
})
export class GraphModule {}

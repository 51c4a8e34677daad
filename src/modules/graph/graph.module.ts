import { Module } from '@nestjs/common';
import { ConversationModule } from '../conversation/index.js';
import { GRAPH_EXTRACTOR } from './extractors/graph-extractor.js';
import { RulesExtractor } from './extractors/rules-extractor.js';
import { GraphErasure } from './graph-erasure.js';
import { GraphReadRepository } from './graph-read.repository.js';
import { GraphRunRepository } from './graph-run.repository.js';
import { GraphWalk } from './graph-walk.service.js';
import { GraphRepository } from './graph.repository.js';
import { GraphService } from './graph.service.js';

/** The knowledge graph: entities and relations that the files of an owner name. */
@Module({
  imports: [ConversationModule],
  providers: [
    RulesExtractor,
    { provide: GRAPH_EXTRACTOR, useExisting: RulesExtractor },
    GraphRunRepository,
    GraphRepository,
    GraphService,
    GraphErasure,
    GraphReadRepository,
    GraphWalk,
  ],
  exports: [GraphService, GraphReadRepository, GraphWalk],
})
export class GraphModule {}

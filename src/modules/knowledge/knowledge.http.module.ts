import { Module } from '@nestjs/common';
import { CollectionController } from './collections/collection.controller.js';
import { KnowledgeSearchController } from './finding/knowledge-search.controller.js';
import { KnowledgeModule } from './knowledge.module.js';

@Module({
  imports: [KnowledgeModule],
  controllers: [CollectionController, KnowledgeSearchController],
})
export class KnowledgeHttpModule {}

import { Module } from '@nestjs/common';
import { CollectionController } from './collections/collection.controller.js';
import { ChunkController } from './files/chunk.controller.js';
import { FileKnowledgeController } from './files/file-knowledge.controller.js';
import { KnowledgeSearchController } from './finding/knowledge-search.controller.js';
import { FileModule } from '../file/index.js';
import { KnowledgeModule } from './knowledge.module.js';

@Module({
  imports: [KnowledgeModule, FileModule],
  controllers: [CollectionController, KnowledgeSearchController, FileKnowledgeController, ChunkController],
})
export class KnowledgeHttpModule {}

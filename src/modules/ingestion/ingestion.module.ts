import { Module } from '@nestjs/common';
import { ExtractionModule } from '../extraction/index.js';
import { FileModule } from '../file/index.js';
import { GraphModule } from '../graph/index.js';
import { KnowledgeModule } from '../knowledge/index.js';
import { TaskModule } from '../task/index.js';
import { FileIngestion } from './file-ingestion.service.js';
import { IngestionRemoval } from './ingestion-removal.js';
import { LocalCopies } from './local-copies.js';

/** What makes of a file chunks, vectors and a graph, and removes them with it. In the API it only removes. */
@Module({
  imports: [FileModule, ExtractionModule, KnowledgeModule, GraphModule, TaskModule],
  providers: [LocalCopies, FileIngestion, IngestionRemoval],
  exports: [FileIngestion],
})
export class IngestionModule {}

import { Module } from '@nestjs/common';
import { FileModule } from '../file/index.js';
import { KnowledgeModule } from '../knowledge/index.js';
import { IngestionModule } from './ingestion.module.js';
import { ExtractFileGraphHandler } from './tasks/extract-file-graph.handler.js';
import { ProcessFileHandler } from './tasks/process-file.handler.js';
import { VectorizeFileHandler } from './tasks/vectorize-file.handler.js';

/** The tasks that files are processed by. */
@Module({
  imports: [IngestionModule, FileModule, KnowledgeModule],
  providers: [ProcessFileHandler, VectorizeFileHandler, ExtractFileGraphHandler],
})
export class IngestionWorkerModule {}

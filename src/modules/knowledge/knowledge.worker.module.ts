import { Module } from '@nestjs/common';
import { KnowledgeModule } from './knowledge.module.js';
import { EmbedDocumentsAnewHandler } from './tasks/embed-documents-anew.handler.js';

@Module({
  imports: [KnowledgeModule],
  providers: [EmbedDocumentsAnewHandler],
})
export class KnowledgeWorkerModule {}

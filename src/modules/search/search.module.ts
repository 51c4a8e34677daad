import { Module } from '@nestjs/common';
import { ConversationModule } from '../conversation/index.js';
import { ProviderModule } from '../provider/index.js';
import { ExactSearch } from './exact-search.service.js';
import { SearchErasure } from './search-erasure.js';
import { SearchIndexRepository } from './search-index.repository.js';
import { SearchIndex } from './search-index.service.js';
import { SearchRepository } from './search.repository.js';
import { SemanticSearch } from './semantic-search.service.js';

@Module({
  imports: [ConversationModule, ProviderModule],
  providers: [
    SearchErasure,
    SearchIndexRepository,
    SearchRepository,
    SearchIndex,
    ExactSearch,
    SemanticSearch,
  ],
  exports: [SearchIndex, ExactSearch, SemanticSearch, SearchIndexRepository],
})
export class SearchModule {}

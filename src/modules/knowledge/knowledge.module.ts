import { Module } from '@nestjs/common';
import { ConversationModule } from '../conversation/index.js';
import { FileModule } from '../file/index.js';
import { ProviderModule } from '../provider/index.js';
import { CollectionRepository } from './collections/collection.repository.js';
import { FileCollections } from './collections/file-collections.js';
import { CollectionService } from './collections/collection.service.js';
import { MembershipRepository } from './collections/membership.repository.js';
import { ChunkRepository } from './files/chunk.repository.js';
import { KnowledgeFileRepository } from './files/knowledge-file.repository.js';
import { PassageSearch } from './finding/passage-search.service.js';
import { WordSearchRepository } from './finding/word-search.repository.js';
import { KnowledgeErasure } from './knowledge-erasure.js';
import { KnowledgeService } from './knowledge.service.js';
import { MemoryVectorIndex } from './vectors/memory-vector-index.js';
import { ScanThreads } from './vectors/scan-threads.js';
import { VectorFollower } from './vectors/vector-follower.js';
import { VectorIndex } from './vectors/vector-index.js';
import { VectorRepository } from './vectors/vector.repository.js';

/** What is found in the documents of users: collections of files, their chunks, words and vectors. */
@Module({
  imports: [ConversationModule, FileModule, ProviderModule],
  providers: [
    KnowledgeFileRepository,
    ChunkRepository,
    VectorRepository,
    CollectionRepository,
    MembershipRepository,
    WordSearchRepository,
    CollectionService,
    FileCollections,
    KnowledgeService,
    KnowledgeErasure,
    ScanThreads,
    { provide: VectorIndex, useClass: MemoryVectorIndex },
    VectorFollower,
    PassageSearch,
  ],
  exports: [ChunkRepository, CollectionService, KnowledgeService, PassageSearch],
})
export class KnowledgeModule {}

export { CollectionService } from './collections/collection.service.js';
export type { ChunkPlace, KnowledgeSource, NewChunk } from './domain/chunk.js';
export { PassageSearch } from './finding/passage-search.service.js';
export type { Passage, PassageQuery, PassageResult } from './finding/passage-search.service.js';
export { knowledgeConfig } from './knowledge.config.js';
export { knowledgeFileSuperseded } from './knowledge.errors.js';
export { KnowledgeModule } from './knowledge.module.js';
export { KnowledgeService } from './knowledge.service.js';
export type { EmbeddingProgress } from './knowledge.service.js';

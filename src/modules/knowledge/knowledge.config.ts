import { defineConfig, read, variable } from '../../platform/config/index.js';

export const knowledgeConfig = defineConfig('knowledge', {
  indexMb: variable({
    env: 'LOCKKEEPER_KNOWLEDGE_INDEX_MB',
    description:
      'How much memory an API process gives to the vectors of documents that are searched, in MB; 100,000 vectors of the built-in embedder take about 40. An owner whose vectors take more has them kept while he searches.',
    schema: read.integer(256, { min: 0, max: 65_536 }),
    example: '256',
  }),
});

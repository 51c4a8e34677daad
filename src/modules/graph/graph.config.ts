import { defineConfig, read, variable } from '../../platform/config/index.js';

export const graphConfig = defineConfig('graph', {
  extractor: variable({
    env: 'LOCKKEEPER_GRAPH_EXTRACTOR',
    description:
      'What finds entities and relations in files: `rules`, the built-in word lists and rules for English and Chinese, or `model`, the model LOCKKEEPER_GRAPH_MODEL, which is sent all texts.',
    schema: read.oneOf(['rules', 'model'], 'rules'),
    example: 'rules',
  }),
  model: variable({
    env: 'LOCKKEEPER_GRAPH_MODEL',
    description:
      'The model of LOCKKEEPER_MODELS that finds entities and relations; it must know JSON schemas (structured outputs).',
    schema: read.text(''),
    example: '',
  }),
  maxTokensAFile: variable({
    env: 'LOCKKEEPER_GRAPH_MAX_TOKENS_A_FILE',
    description:
      'How many tokens that model may take in all, prompts and answers, until a file is read; chunks beyond are left out.',
    schema: read.integer(1_000_000, { min: 1_000, max: 1_000_000_000 }),
    example: '1000000',
  }),
});

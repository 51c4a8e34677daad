import { defineConfig, read, variable } from '../../platform/config/index.js';

export const agentMemoryConfig = defineConfig('agent-memory', {
  ttlSeconds: variable({
    env: 'LOCKKEEPER_AGENT_MEMORY_TTL_SECONDS',
    description: 'For how long an agent remembers a value, unless the call says otherwise.',
    schema: read.integer(3_600, { min: 1, max: 2_592_000 }),
    example: '3600',
  }),
  valueBytes: variable({
    env: 'LOCKKEEPER_AGENT_MEMORY_VALUE_BYTES',
    description: 'How many bytes of JSON one value in the memory of an agent may have.',
    schema: read.integer(65_536, { min: 64, max: 1_048_576 }),
    example: '65536',
  }),
  valuesPerUser: variable({
    env: 'LOCKKEEPER_AGENT_MEMORY_VALUES',
    description: 'How many values all agents of one user may remember together.',
    schema: read.integer(10_000, { min: 1, max: 1_000_000 }),
    example: '10000',
  }),
  bytesPerUser: variable({
    env: 'LOCKKEEPER_AGENT_MEMORY_BYTES',
    description: 'How many bytes all values of one user may have together.',
    schema: read.integer(16_777_216, { min: 64, max: 1_073_741_824 }),
    example: '16777216',
  }),
});

export { agentMemoryConfig } from './agent-memory.config.js';
export { AgentMemoryModule } from './agent-memory.module.js';

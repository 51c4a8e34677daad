import { Module } from '@nestjs/common';
import { AgentMemoryController } from './agent-memory.controller.js';
import { AgentMemoryModule } from './agent-memory.module.js';

@Module({ imports: [AgentMemoryModule], controllers: [AgentMemoryController] })
export class AgentMemoryHttpModule {}

import { Module } from '@nestjs/common';
import { GraphModule } from './graph.module.js';

@Module({ imports: [GraphModule] })
export class GraphHttpModule {}

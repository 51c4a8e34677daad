import { Module } from '@nestjs/common';
import { GraphController } from './graph.controller.js';
import { GraphModule } from './graph.module.js';

@Module({ imports: [GraphModule], controllers: [GraphController] })
export class GraphHttpModule {}

import { Module } from '@nestjs/common';
import { FileModule } from '../file/index.js';
import { FileGraphController } from './file-graph.controller.js';
import { GraphController } from './graph.controller.js';
import { GraphModule } from './graph.module.js';

@Module({ imports: [GraphModule, FileModule], controllers: [GraphController, FileGraphController] })
export class GraphHttpModule {}

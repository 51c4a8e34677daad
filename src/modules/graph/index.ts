export { graphConfig } from './graph.config.js';
export * from './graph.errors.js';
export { GraphModule } from './graph.module.js';
export { GraphService } from './graph.service.js';
export type { GraphProgress, ReplaceOptions } from './graph.service.js';
export type { GraphFile } from './graph-run.repository.js';
export type { SourceChunk } from './extractors/graph-extractor.js';

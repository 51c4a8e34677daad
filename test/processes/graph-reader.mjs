/**
 * A process that reads one file into the graph with the built product, and tells its parent how many chunks are done.
 * It is told the file as `{ file, chunks }` and ends when it has read it.
 */
import 'reflect-metadata';
import { once } from 'node:events';
import { NestFactory } from '@nestjs/core';

/** @param {string} path below the built sources */
const load = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);

const { configDefinitions } = await load('app.config.js');
const { loadProcessConfig } = await load('platform/config/index.js');
const { WorkerAppModule } = await load('worker-app.module.js');
const { GraphService } = await load('modules/graph/index.js');

const app = await NestFactory.createApplicationContext(
  WorkerAppModule.forRoot(loadProcessConfig(configDefinitions)),
  { logger: false, abortOnError: false },
);
process.send?.('ready');
const [{ file, chunks }] = await once(process, 'message');

async function* stream() {
  yield* chunks;
}

await app.get(GraphService, { strict: false }).replaceFile(file, stream(), {
  signal: new AbortController().signal,
  onProgress: (/** @type {{ chunks: number }} */ progress) => void process.send?.(progress.chunks),
});
await app.close();
process.disconnect();

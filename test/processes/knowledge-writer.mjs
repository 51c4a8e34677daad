/**
 * A process of the built product for tests: it gives a file other chunks again and again, and embeds them, until it is
 * killed. Each round's texts name the round. Takes the ids of the owner and of the file, and the number of chunks.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';

const [ownerId, fileId, count] = process.argv.slice(2);

/** @param {string} path below the built sources */
const load = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);

const { configDefinitions } = await load('app.config.js');
const { CliAppModule } = await load('cli-app.module.js');
const { loadProcessConfig } = await load('platform/config/index.js');
const { KnowledgeModule, KnowledgeService } = await load('modules/knowledge/index.js');

class KnowledgeWriterModule {}
const app = await NestFactory.createApplicationContext(
  {
    module: KnowledgeWriterModule,
    imports: [CliAppModule.forRoot(loadProcessConfig(configDefinitions)), KnowledgeModule],
  },
  { logger: false, abortOnError: false },
);
const knowledge = app.get(KnowledgeService);

/** @param {string} round */
function chunksOf(round) {
  return Array.from({ length: Number(count) }, (_, index) => ({
    index,
    text: `round ${round} piece${index}`,
    headings: [],
    place: { start: index, end: index + 1 },
    tokens: 3,
  }));
}

process.on('disconnect', () => process.exit(0));
for (let n = 0; process.connected; n++) {
  await knowledge.replaceChunks({ fileId, ownerId }, chunksOf(`${process.pid}x${n}`));
  await knowledge.embedPending(fileId, { signal: new AbortController().signal });
}

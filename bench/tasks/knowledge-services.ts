import { importBuilt } from '../lib/built-services.ts';

/** What finds passages, in this process, from the build. */
export async function openKnowledge(environment: Readonly<Record<string, string>>) {
  await import('reflect-metadata');
  const { NestFactory } = await import('@nestjs/core');
  const { configDefinitions } = await importBuilt<typeof import('../../src/app.config.ts')>('app.config.js');
  const { CliAppModule } =
    await importBuilt<typeof import('../../src/cli-app.module.ts')>('cli-app.module.js');
  const { loadConfig } =
    await importBuilt<typeof import('../../src/platform/config/index.ts')>('platform/config/index.js');
  const { KnowledgeModule } = await importBuilt<typeof import('../../src/modules/knowledge/index.ts')>(
    'modules/knowledge/index.js',
  );
  const { VectorFollower } = await importBuilt<
    typeof import('../../src/modules/knowledge/vectors/vector-follower.ts')
  >('modules/knowledge/vectors/vector-follower.js');
  const { embedHashedNgrams, HASHED_NGRAMS, DIMENSIONS } = await importBuilt<
    typeof import('../../src/modules/provider/embeddings/hashed-ngrams.ts')
  >('modules/provider/embeddings/hashed-ngrams.js');
  const { termCountsOf } =
    await importBuilt<typeof import('../../src/shared/search/terms.ts')>('shared/search/terms.js');
  class BenchKnowledgeModule {}
  const app = await NestFactory.createApplicationContext(
    {
      module: BenchKnowledgeModule,
      imports: [CliAppModule.forRoot(loadConfig(environment, configDefinitions)), KnowledgeModule],
    },
    { logger: ['error'], abortOnError: false },
  );
  return {
    vectors: app.get(VectorFollower, { strict: false }),
    embed: embedHashedNgrams,
    embedder: HASHED_NGRAMS,
    dimensions: DIMENSIONS,
    termCountsOf,
    close: () => app.close(),
  };
}

export type KnowledgeServices = Awaited<ReturnType<typeof openKnowledge>>;

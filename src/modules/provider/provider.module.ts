import { Module } from '@nestjs/common';
import { EmbeddingsService } from './embeddings/embeddings.service.js';
import { UpstreamEmbedder } from './embeddings/upstream-embedder.js';
import { LocalProvider } from './local/local-provider.js';
import { ProviderService } from './provider.service.js';
import { UpstreamProvider } from './upstream/upstream-provider.js';

@Module({
  providers: [LocalProvider, UpstreamProvider, ProviderService, UpstreamEmbedder, EmbeddingsService],
  exports: [ProviderService, EmbeddingsService],
})
export class ProviderModule {}

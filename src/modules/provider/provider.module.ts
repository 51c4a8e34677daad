import { Module } from '@nestjs/common';
import { LocalProvider } from './local/local-provider.js';
import { ProviderService } from './provider.service.js';
import { UpstreamProvider } from './upstream/upstream-provider.js';

@Module({
  providers: [LocalProvider, UpstreamProvider, ProviderService],
  exports: [ProviderService],
})
export class ProviderModule {}

import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AccessCheck } from './access-check.js';
import { Drain } from './drain.js';

/** What every process that answers HTTP has. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [AccessCheck, Drain],
  exports: [Drain],
})
export class HttpModule {}

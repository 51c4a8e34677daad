import { Global, Module } from '@nestjs/common';
import { RouteAccess } from './admission.js';
import { Drain } from './drain.js';

/** What every process that answers HTTP has. */
@Global()
@Module({
  providers: [Drain, RouteAccess],
  exports: [Drain, RouteAccess],
})
export class HttpModule {}

import { Global, Module } from '@nestjs/common';
import { Clock, SystemClock } from '../../shared/clock.js';

/** Injects the clock, so that a test can put another in its place. */
@Global()
@Module({
  providers: [{ provide: Clock, useClass: SystemClock }],
  exports: [Clock],
})
export class TimeModule {}

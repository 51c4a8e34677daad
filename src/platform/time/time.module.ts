import { Global, Module } from '@nestjs/common';
import { Clock, SystemClock } from '../../shared/clock.js';
import { ShutdownTimer } from './shutdown-timer.js';

/** The clock, which a test can replace, and the time that is left to a process that stops. */
@Global()
@Module({
  providers: [{ provide: Clock, useClass: SystemClock }, ShutdownTimer],
  exports: [Clock, ShutdownTimer],
})
export class TimeModule {}

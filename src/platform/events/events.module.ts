import { Global, Module } from '@nestjs/common';
import { Events } from './events.js';

/** What happened in this process, told within it. */
@Global()
@Module({ providers: [Events], exports: [Events] })
export class EventsModule {}

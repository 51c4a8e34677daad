import { Global, Module } from '@nestjs/common';
import { WorkInProgress } from './work-in-progress.js';

/** What this process is doing. */
@Global()
@Module({ providers: [WorkInProgress], exports: [WorkInProgress] })
export class WorkModule {}

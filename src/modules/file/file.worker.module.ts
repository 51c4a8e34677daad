import { Module } from '@nestjs/common';
import { FileModule } from './file.module.js';
import { CleanUpFilesHandler } from './removal/clean-up-files.handler.js';

/** What a worker does for files, besides the tasks that process them. */
@Module({ imports: [FileModule], providers: [CleanUpFilesHandler] })
export class FileWorkerModule {}

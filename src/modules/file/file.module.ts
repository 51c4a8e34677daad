import { Module } from '@nestjs/common';
import { StorageModule } from '../../platform/storage/index.js';
import { ConversationModule } from '../conversation/index.js';
import { TaskModule } from '../task/index.js';
import { CollectionRegistry } from './collection-registry.js';
import { FileProcessingService } from './file-processing.service.js';
import { FileQuotaRepository } from './file-quota.repository.js';
import { FileRepository } from './file.repository.js';
import { FileService } from './file.service.js';
import { FileProgress } from './progress/file-progress.service.js';
import { ProgressRepository } from './progress/progress.repository.js';
import { ProgressStore } from './progress/progress.store.js';
import { FileErasure } from './removal/file-erasure.js';
import { FileRemoval } from './removal/file-removal.service.js';
import { RemovalRepository } from './removal/removal.repository.js';

/** Files that users upload: their bytes are in the storage, and tasks process them. */
@Module({
  imports: [StorageModule, TaskModule, ConversationModule],
  providers: [
    FileRepository,
    FileQuotaRepository,
    FileService,
    FileProcessingService,
    ProgressRepository,
    ProgressStore,
    FileProgress,
    RemovalRepository,
    FileRemoval,
    FileErasure,
    CollectionRegistry,
  ],
  exports: [
    StorageModule,
    FileRepository,
    FileQuotaRepository,
    FileService,
    FileProcessingService,
    ProgressStore,
    FileProgress,
    RemovalRepository,
    FileRemoval,
    CollectionRegistry,
  ],
})
export class FileModule {}

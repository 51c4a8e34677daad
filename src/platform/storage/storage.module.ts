import { Module } from '@nestjs/common';
import type { ConfigOf } from '../config/index.js';
import { FileStorage } from './file-storage.js';
import { LocalStorage } from './local-storage.js';
import { storageConfig } from './storage.config.js';

/** Where uploaded files are kept, as it is configured. */
@Module({
  providers: [
    {
      provide: FileStorage,
      inject: [storageConfig.token],
      // The client of S3 is large, and loaded only where it is used.
      useFactory: async (config: ConfigOf<typeof storageConfig>): Promise<FileStorage> => {
        if (config.kind === 'local') return new LocalStorage(config.dir);
        const { S3Storage } = await import('./s3-storage.js');
        return new S3Storage(config);
      },
    },
  ],
  exports: [FileStorage],
})
export class StorageModule {}

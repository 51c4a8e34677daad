export { FileStorage } from './file-storage.js';
export type { ByteRange, StoredBytes } from './file-storage.js';
export { storageConfig } from './storage.config.js';
export { StoredBytesMissingError, storageFull, storageUnavailable } from './storage.errors.js';
export { StorageModule } from './storage.module.js';

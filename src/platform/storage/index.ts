export { FileStorage } from './file-storage.js';
export { storageConfig } from './storage.config.js';
export { StoredBytesMissingError } from './storage.errors.js';
export { StorageModule } from './storage.module.js';

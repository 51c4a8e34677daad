import { defineError } from '../errors/index.js';

export const storageFull = defineError({
  code: 'storage_full',
  kind: 'unavailable',
  title: 'There is no room for more files now.',
});

export const storageUnavailable = defineError({
  code: 'storage_unavailable',
  kind: 'unavailable',
  title: 'The storage of files does not answer.',
});

/** Bytes that are not there: they were removed, or lost from the storage. */
export class StoredBytesMissingError extends Error {
  override readonly name = 'StoredBytesMissingError';

  constructor(key: string, options?: ErrorOptions) {
    super(`The storage has nothing under the key ${key}.`, options);
  }
}

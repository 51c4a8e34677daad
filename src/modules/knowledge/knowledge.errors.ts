import { defineError } from '../../platform/errors/index.js';

export const collectionNameTaken = defineError({
  code: 'collection_name_taken',
  kind: 'conflict',
  title: 'You have a collection of this name already.',
});

/** `details.limit` says how many there may be. */
export const collectionLimitReached = defineError({
  code: 'collection_limit_reached',
  kind: 'conflict',
  title: 'You have as many collections as one user may have. Delete one first.',
});

/** `details.limit` says how many there may be. */
export const collectionFull = defineError({
  code: 'collection_full',
  kind: 'conflict',
  title:
    'The collection holds as many files as one may, or the file is in as many collections as one may be.',
});

export const knowledgeFileNotFound = defineError({
  code: 'knowledge_file_not_found',
  kind: 'not_found',
  title: 'You have no such file.',
});

export const knowledgeFileSuperseded = defineError({
  code: 'knowledge_file_superseded',
  kind: 'conflict',
  title: 'The file was removed, or its chunks are being replaced by a later run.',
});

/** `details.limit` says how many there may be. */
export const chunkLimitReached = defineError({
  code: 'chunk_limit_reached',
  kind: 'conflict',
  title: 'The file has more chunks than one may have.',
});

import { defineError } from '../../platform/errors/index.js';

export const fileNotFound = defineError({
  code: 'file_not_found',
  kind: 'not_found',
  title: 'There is no such file, or it is not yours.',
});

export const fileEmpty = defineError({
  code: 'file_empty',
  kind: 'invalid',
  title: 'The file has no bytes.',
});

/** `details.max_bytes` says how large it may be. */
export const fileTooLarge = defineError({
  code: 'file_too_large',
  kind: 'too_large',
  title: 'The file is larger than this installation takes.',
});

/** `details.media_type` says what it was found to be, if that could be told. */
export const fileTypeUnsupported = defineError({
  code: 'file_type_unsupported',
  kind: 'unsupported_media',
  title: 'Files of this type are not taken.',
});

/** `details` says how many files and bytes there are, and how many there may be. */
export const fileQuotaExceeded = defineError({
  code: 'file_quota_exceeded',
  kind: 'conflict',
  title: 'You have as many files as one user may have. Delete some first.',
});

export const tooManyUploads = defineError({
  code: 'too_many_uploads',
  kind: 'rate_limited',
  title: 'Too many files come in at once.',
});

export const fileRangeNotSatisfiable = defineError({
  code: 'file_range_not_satisfiable',
  kind: 'range_not_satisfiable',
  title: 'The file does not reach as far as the range that was asked for.',
});

export const collectionNotFound = defineError({
  code: 'collection_not_found',
  kind: 'not_found',
  title: 'There is no such collection, or it is not yours.',
});

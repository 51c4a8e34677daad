import { defineError } from '../../platform/errors/index.js';

export const documentEncrypted = defineError({
  code: 'document_encrypted',
  kind: 'invalid',
  title: 'The document is encrypted; it can only be read without a password.',
});

export const documentBroken = defineError({
  code: 'document_broken',
  kind: 'invalid',
  title: 'The document is damaged, or not what it is named.',
});

export const documentTooLarge = defineError({
  code: 'document_too_large',
  kind: 'too_large',
  title: 'Reading the document takes more room than is allowed.',
});

export const documentTooSlow = defineError({
  code: 'document_too_slow',
  kind: 'invalid',
  title: 'Reading the document takes longer than is allowed.',
});

export const documentTypeUnsupported = defineError({
  code: 'document_type_unsupported',
  kind: 'unsupported_media',
  title: 'Documents of this type cannot be read.',
});

export const documentEmpty = defineError({
  code: 'document_empty',
  kind: 'invalid',
  title: 'The document has no text.',
});

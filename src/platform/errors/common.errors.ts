import { defineError } from './app-error.js';

/** The errors that belong to no module: the transport's and the dependencies'. */

export const malformedRequest = defineError({
  code: 'malformed_request',
  kind: 'malformed',
  title: 'The request could not be read.',
});

export const invalidRequest = defineError({
  code: 'invalid_request',
  kind: 'invalid',
  title: 'The request does not fit its schema.',
});

export const routeNotFound = defineError({
  code: 'route_not_found',
  kind: 'not_found',
  title: 'There is nothing at this path.',
});

export const methodNotAllowed = defineError({
  code: 'method_not_allowed',
  kind: 'method_not_allowed',
  title: 'This path does not answer this method.',
});

export const bodyTooLarge = defineError({
  code: 'body_too_large',
  kind: 'too_large',
  title: 'The request body is larger than this route takes.',
});

export const unsupportedMediaType = defineError({
  code: 'unsupported_media_type',
  kind: 'unsupported_media',
  title: 'This route does not take this content type.',
});

export const rateLimited = defineError({
  code: 'rate_limited',
  kind: 'rate_limited',
  title: 'Too many requests.',
});

export const serviceUnavailable = defineError({
  code: 'service_unavailable',
  kind: 'unavailable',
  title: 'A part that this call needs is not available now.',
});

export const internalError = defineError({
  code: 'internal_error',
  kind: 'internal',
  title: 'Something went wrong on our side.',
});

export const idempotencyKeyMissing = defineError({
  code: 'idempotency_key_missing',
  kind: 'malformed',
  title: 'Send the header Idempotency-Key, so that a retry cannot act twice.',
});

export const idempotencyKeyInvalid = defineError({
  code: 'idempotency_key_invalid',
  kind: 'invalid',
  title:
    'An idempotency key is 1 to 255 printable ASCII characters, bare or quoted; one of coins does not begin with hold:.',
});

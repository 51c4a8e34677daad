import { defineError } from '../../platform/errors/index.js';

export const memoryNotFound = defineError({
  code: 'memory_not_found',
  kind: 'not_found',
  title: 'The agent remembers nothing under this key, or no longer.',
});

export const memoryVersionConflict = defineError({
  code: 'memory_version_conflict',
  kind: 'conflict',
  title: 'The value has another version than the one you named. Read it and try again.',
});

export const memoryKindMismatch = defineError({
  code: 'memory_kind_mismatch',
  kind: 'conflict',
  title:
    'The value is not of the kind that this needs: a list or a text to append to, a whole number to add to.',
});

export const memoryValueTooLarge = defineError({
  code: 'memory_value_too_large',
  kind: 'too_large',
  title: 'The value would be larger than one may be.',
});

export const memoryFull = defineError({
  code: 'memory_full',
  kind: 'conflict',
  title: 'Your agents remember as much as they may. Delete something, or wait until it expires.',
});

export const memoryUnavailable = defineError({
  code: 'memory_unavailable',
  kind: 'unavailable',
  title: 'The memory of agents cannot be reached now. Try again shortly.',
});

export const memoryKeyReused = defineError({
  code: 'memory_idempotency_key_reused',
  kind: 'invalid',
  title: 'You have used this idempotency key for another change.',
});

import { defineError } from '../../platform/errors/index.js';

export const modelNotFound = defineError({
  code: 'model_not_found',
  kind: 'not_found',
  title: 'There is no model of this name.',
});

export const providerFailed = defineError({
  code: 'provider_failed',
  kind: 'upstream',
  title: 'The AI provider failed.',
});

export const providerRejectsUs = defineError({
  code: 'provider_rejects_credentials',
  kind: 'upstream',
  title: 'The AI provider does not accept our credentials or our payment.',
});

export const providerTimedOut = defineError({
  code: 'provider_timed_out',
  kind: 'upstream_timeout',
  title: 'The AI provider took too long.',
});

export const providerRefused = defineError({
  code: 'provider_refused',
  kind: 'malformed',
  title: 'The AI provider does not accept this request.',
});

export const providerOverloaded = defineError({
  code: 'provider_overloaded',
  kind: 'unavailable',
  title: 'The AI provider takes no more requests now.',
});

/** With which a provider may end a turn. */
export const providerErrors = [
  providerFailed,
  providerRejectsUs,
  providerTimedOut,
  providerRefused,
  providerOverloaded,
] as const;

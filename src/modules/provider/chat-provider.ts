import type { ProviderEvent, ProviderRequest } from './domain/chat.js';
import type { Model } from './domain/model.js';

/** Something that answers conversations. */
export interface ChatProvider {
  /**
   * Streams the answer. Ends after `finish` (and `usage`, if the provider counts).
   * @throws an AppError of `provider.errors.ts`; after `signal` is aborted, its reason.
   */
  stream(model: Model, request: ProviderRequest, signal: AbortSignal): AsyncIterable<ProviderEvent>;
}

export { textOf } from './domain/chat.js';
export type {
  ChatMessage,
  ContentPart,
  ProviderEvent,
  ProviderRequest,
  TokenUsage,
  ToolCallDelta,
} from './domain/chat.js';
export { costOf } from './domain/model.js';
export type { Model } from './domain/model.js';
export { providerConfig } from './provider.config.js';
export { providerErrors, providerFailed } from './provider.errors.js';
export { ProviderModule } from './provider.module.js';
export { ProviderService } from './provider.service.js';
export { countMessageTokens, countPromptTokens, countTextTokens, countTokens } from './tokenizer.js';

export { conversationConfig } from './conversation.config.js';
export { conversationNotFound } from './conversation.errors.js';
export { ConversationModule } from './conversation.module.js';
export { ConversationService } from './conversation.service.js';
export { SAVE_SHARDS } from './domain/shards.js';
export type { Turn, TurnMessage, TurnStatus } from './domain/turn.js';
export { saveTurns } from './jobs/save-turns.job.js';
export type { AbandonedTurn } from './turn.store.js';
export type { ReadableMessage } from './message-reader.service.js';

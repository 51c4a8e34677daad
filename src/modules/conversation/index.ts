export { BranchService } from './branch.service.js';
export { conversationConfig } from './conversation.config.js';
export {
  conversationNotFound,
  messageNotFound,
  turnInProgress,
  turnNotFound,
} from './conversation.errors.js';
export { ConversationModule } from './conversation.module.js';
export { ConversationService } from './conversation.service.js';
export type { AnswerPiece } from './domain/answer-piece.js';
export { Erasers } from './erasure/erasers.js';
export type { Eraser } from './erasure/erasers.js';
export { ErasureService } from './erasure/erasure.service.js';
export type { ErasingActor } from './erasure/erasure.service.js';
export { SAVE_SHARDS } from './domain/shards.js';
export { turnStatuses } from './domain/turn.js';
export type { Turn, TurnMessage, TurnStatus } from './domain/turn.js';
export { turnsSaved } from './events/turns-saved.event.js';
export { saveTurns } from './jobs/save-turns.job.js';
export { SavedTurnReader } from './saved-turn-reader.service.js';
export type { AnsweredTurn, SavedTurnMessage } from './saved-turn-reader.service.js';
export type { SavedTurn } from './turn.repository.js';
export { KeptTurn } from './kept-turn.js';
export { TurnKeeper } from './turn-keeper.service.js';
export type { WaitingTurn } from './turn-keys.js';
export { type AbandonedTurn, placeOf } from './turn.store.js';
export { MessageReader } from './message-reader.service.js';
export type { OwnedMessage, TextMessage } from './message-text.repository.js';
export type { ReadableMessage } from './message-reader.service.js';
export { eraseData } from './erasure/erase-data.task.js';

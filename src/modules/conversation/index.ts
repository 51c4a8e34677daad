export { BranchService } from './branches/branch.service.js';
export { ConversationActivity } from './conversation-activity.repository.js';
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
export { annotationsOf, citationsIn } from './domain/citation.js';
export type { Citation } from './domain/citation.js';
export type { Turn, TurnMessage, TurnStatus } from './domain/turn.js';
export { turnsSaved } from './events/turns-saved.event.js';
export { SaveSlots } from './saving/save-slots.js';
export { saveTurns } from './saving/save-turns.job.js';
export { SavedTurnReader } from './reading/saved-turn-reader.service.js';
export type { AnsweredTurn, SavedTurnMessage } from './reading/saved-turn-reader.service.js';
export type { SavedTurn } from './saving/turn.repository.js';
export { KeptTurn } from './keeping/kept-turn.js';
export { TurnKeeper } from './keeping/turn-keeper.service.js';
export type { WaitingTurn } from './keeping/turn-keys.js';
export { type AbandonedTurn, placeOf } from './keeping/turn.store.js';
export { MessageReader } from './reading/message-reader.service.js';
export type { OwnedMessage, TextMessage } from './reading/message-text.repository.js';
export type { ReadableMessage } from './reading/message-reader.service.js';
export { eraseData } from './erasure/erase-data.task.js';

import { Module } from '@nestjs/common';
import { ConversationModule } from './conversation.module.js';
import { EraseDataHandler } from './erasure/erase-data.handler.js';
import { SaveTurnsHandler } from './saving/save-turns.handler.js';
import { SaveWorkerReport } from './operations/save-worker-report.js';
import { SaveWaker } from './saving/save-waker.js';

/** What a worker does for conversations: it saves their turns, and erases what is to be erased. */
@Module({
  imports: [ConversationModule],
  providers: [SaveTurnsHandler, SaveWaker, SaveWorkerReport, EraseDataHandler],
})
export class ConversationWorkerModule {}

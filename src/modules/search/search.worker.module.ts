import { Module } from '@nestjs/common';
import { ConversationModule } from '../conversation/index.js';
import { CatchUpIndexHandler } from './jobs/catch-up-index.handler.js';
import { IndexTurnsHandler } from './jobs/index-turns.handler.js';
import { TurnsSavedListener } from './jobs/turns-saved.listener.js';
import { SearchModule } from './search.module.js';

/** What a worker does for the search: it keeps the index up with what is saved. */
@Module({
  imports: [SearchModule, ConversationModule],
  providers: [IndexTurnsHandler, TurnsSavedListener, CatchUpIndexHandler],
})
export class SearchWorkerModule {}

import { Module } from '@nestjs/common';
import { ChatModule } from './chat.module.js';
import { TurnSweeper } from './turn-sweeper.js';

/** What a worker does for chat: it ends the turns of processes that died. */
@Module({
  imports: [ChatModule],
  providers: [TurnSweeper],
})
export class ChatWorkerModule {}

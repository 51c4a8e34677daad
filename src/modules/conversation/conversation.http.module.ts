import { Module } from '@nestjs/common';
import { ConversationController } from './conversation.controller.js';
import { SaveHealth } from './save-health.js';
import { ConversationModule } from './conversation.module.js';

@Module({
  imports: [ConversationModule],
  controllers: [ConversationController],
  providers: [SaveHealth],
})
export class ConversationHttpModule {}

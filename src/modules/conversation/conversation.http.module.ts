import { Module } from '@nestjs/common';
import { ConversationController } from './conversation.controller.js';
import { ConversationModule } from './conversation.module.js';

@Module({
  imports: [ConversationModule],
  controllers: [ConversationController],
})
export class ConversationHttpModule {}

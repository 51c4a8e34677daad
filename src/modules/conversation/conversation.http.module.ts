import { Module } from '@nestjs/common';
import { BranchController } from './branch.controller.js';
import { ConversationController } from './conversation.controller.js';
import { SaveHealth } from './save-health.js';
import { ConversationModule } from './conversation.module.js';

@Module({
  imports: [ConversationModule],
  controllers: [ConversationController, BranchController],
  providers: [SaveHealth],
})
export class ConversationHttpModule {}

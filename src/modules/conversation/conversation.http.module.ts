import { Module } from '@nestjs/common';
import { BranchController } from './branch.controller.js';
import { ConversationController } from './conversation.controller.js';
import { SaveOperationsController } from './operations/save-operations.controller.js';
import { SaveOperations } from './operations/save-operations.service.js';
import { SaveHealth } from './save-health.js';
import { ConversationModule } from './conversation.module.js';

@Module({
  imports: [ConversationModule],
  controllers: [ConversationController, BranchController, SaveOperationsController],
  providers: [SaveHealth, SaveOperations],
})
export class ConversationHttpModule {}

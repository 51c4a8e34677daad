import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/index.js';
import { SupportAgentController } from './support-agent.controller.js';
import { SupportChatController } from './support-chat.controller.js';
import { SupportMessageController } from './support-message.controller.js';
import { SupportOperationsController } from './support-operations.controller.js';
import { SupportGateway } from './support.gateway.js';
import { SupportModule } from './support.module.js';

@Module({
  imports: [AuthModule, SupportModule],
  controllers: [
    SupportChatController,
    SupportMessageController,
    SupportAgentController,
    SupportOperationsController,
  ],
  providers: [SupportGateway],
})
export class SupportHttpModule {}

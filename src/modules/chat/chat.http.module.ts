import { Module } from '@nestjs/common';
import { ChatController } from './chat.controller.js';
import { ChatModule } from './chat.module.js';
import { ChatService } from './chat.service.js';
import { ForkResolver } from './fork-resolver.js';
import { TurnRunner } from './turn-runner.service.js';

/** The OpenAI-compatible API, and the turns that run behind it. */
@Module({
  imports: [ChatModule],
  controllers: [ChatController],
  providers: [ChatService, ForkResolver, TurnRunner],
})
export class ChatHttpModule {}

import { Module } from '@nestjs/common';
import { ChatController } from './chat.controller.js';
import { ChatModule } from './chat.module.js';
import { ChatService } from './chat.service.js';
import { ForkResolver } from './fork-resolver.js';
import { TurnController } from './turn.controller.js';
import { TurnFollower } from './turn-follower.js';
import { TurnGate } from './turn-gate.js';
import { TurnRequests } from './turn-requests.js';
import { TurnRunner } from './turn-runner.service.js';

/** The OpenAI-compatible API, and the turns that run behind it. */
@Module({
  imports: [ChatModule],
  controllers: [ChatController, TurnController],
  providers: [ChatService, ForkResolver, TurnFollower, TurnGate, TurnRequests, TurnRunner],
})
export class ChatHttpModule {}

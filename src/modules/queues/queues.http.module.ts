import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { QueueBoardMount } from './queue-board.mount.js';
import { QueueController } from './queue.controller.js';
import { QueueOperator } from './queue-operator.service.js';

/** What operators see of the queues and do about them. */
@Module({
  imports: [AuditModule],
  controllers: [QueueController],
  providers: [QueueOperator, QueueBoardMount],
})
export class QueuesHttpModule {}

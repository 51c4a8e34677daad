import { Injectable } from '@nestjs/common';
import {
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { ChatAssigner } from '../chat-assigner.js';
import { ChatQueue } from '../chat-queue.js';
import { processCustomerServiceQueue } from './process-customer-service-queue.task.js';

/** The safety net of assignment, which otherwise happens as soon as somebody asks or is free. */
@Injectable()
@RunsTask(processCustomerServiceQueue)
export class ProcessCustomerServiceQueue implements PeriodicTaskHandler {
  constructor(
    private readonly assigner: ChatAssigner,
    private readonly queue: ChatQueue,
  ) {}

  async run({ signal }: TaskRun): Promise<TaskOutcome> {
    const assigned = await this.assigner.assignWaiting(signal);
    return { assigned, waiting: await this.queue.announce(undefined, signal) };
  }
}

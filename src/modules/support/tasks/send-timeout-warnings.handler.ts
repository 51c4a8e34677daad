import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import {
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { ChatBatchRepository } from '../chat-batch.repository.js';
import { ChatEvents } from '../chat-events.js';
import { supportConfig } from '../support.config.js';
import { changeDueChats } from './change-due-chats.js';
import { sendTimeoutWarnings } from './send-timeout-warnings.task.js';

/** A chat that was warned in is not warned in again until somebody has written. */
@Injectable()
@RunsTask(sendTimeoutWarnings)
export class SendTimeoutWarnings implements PeriodicTaskHandler {
  constructor(
    private readonly batches: ChatBatchRepository,
    private readonly events: ChatEvents,
    @Inject(supportConfig.token) private readonly config: ConfigOf<typeof supportConfig>,
  ) {}

  async run({ signal }: TaskRun): Promise<TaskOutcome> {
    const { idleBeforeWarningMs } = this.config;
    const warned = await changeDueChats(signal, {
      find: (after, limit) => this.batches.findIdle(idleBeforeWarningMs, after, limit),
      change: (ids) => this.batches.warn(ids, idleBeforeWarningMs),
      done: (changed) => {
        for (const { chat, message } of changed) this.events.changed('warned', chat, message);
      },
    });
    return { warned };
  }
}

import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import {
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { type ChangedChat, ChatBatchRepository } from '../chat-batch.repository.js';
import { ChatEvents } from '../chat-events.js';
import { SupportChatService } from '../chat.service.js';
import { supportConfig } from '../support.config.js';
import { autoEndTimeoutChats } from './auto-end-timeout-chats.task.js';
import { changeDueChats } from './change-due-chats.js';

/**
 * Ends idle chats, never before the time after their warning is over, however late that came. The places that become
 * free go to who waits.
 */
@Injectable()
@RunsTask(autoEndTimeoutChats)
export class AutoEndTimeoutChats implements PeriodicTaskHandler {
  constructor(
    private readonly batches: ChatBatchRepository,
    private readonly chats: SupportChatService,
    private readonly events: ChatEvents,
    @Inject(supportConfig.token) private readonly config: ConfigOf<typeof supportConfig>,
  ) {}

  async run({ signal }: TaskRun): Promise<TaskOutcome> {
    const { idleAfterWarningMs, maxWaitMs } = this.config;
    const done = (changed: readonly ChangedChat[]) => {
      for (const { chat, message } of changed) this.events.changed('ended', chat, message);
    };
    const ended = await changeDueChats(signal, {
      find: (after, limit) => this.batches.findOver(idleAfterWarningMs, after, limit),
      change: (ids) => this.batches.endOver(ids, idleAfterWarningMs),
      done,
    });
    const unanswered = await changeDueChats(signal, {
      find: (after, limit) => this.batches.findUnanswered(maxWaitMs, after, limit),
      change: (ids) => this.batches.endUnanswered(ids, maxWaitMs),
      done,
    });
    if (ended + unanswered > 0) await this.chats.assignWaiting();
    return { ended, unanswered };
  }
}

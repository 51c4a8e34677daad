import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import {
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { RetentionRepository } from '../retention.repository.js';
import { supportConfig } from '../support.config.js';
import { cleanupLongInactiveChats } from './cleanup-long-inactive-chats.task.js';

/** First the chats are archived, then the texts of archived ones are erased. */
@Injectable()
@RunsTask(cleanupLongInactiveChats)
export class CleanupLongInactiveChats implements PeriodicTaskHandler {
  constructor(
    private readonly retention: RetentionRepository,
    @Inject(supportConfig.token) private readonly config: ConfigOf<typeof supportConfig>,
  ) {}

  async run({ signal }: TaskRun): Promise<TaskOutcome> {
    const archived = await this.archive(signal);
    return { archived, texts_erased: await this.eraseTexts(signal) };
  }

  private async archive(signal: AbortSignal): Promise<number> {
    let archived = 0;
    while (!signal.aborted) {
      const some = await this.retention.archiveSome(this.config.archiveAfterDays);
      if (some === 0) break;
      archived += some;
    }
    return archived;
  }

  private async eraseTexts(signal: AbortSignal): Promise<number> {
    let erased = 0;
    while (!signal.aborted) {
      const ids = await this.retention.findErasable(this.config.eraseTextsAfterDays);
      if (ids.length === 0) break;
      let hasMore = true;
      while (hasMore && !signal.aborted) hasMore = await this.retention.eraseSomeTexts(ids);
      if (hasMore) break;
      erased += await this.retention.markErased(ids);
    }
    return erased;
  }
}

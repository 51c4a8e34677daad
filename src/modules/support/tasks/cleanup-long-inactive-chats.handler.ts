import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import {
  inBatches,
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { type EndedChat, RetentionRepository } from '../retention.repository.js';
import { supportConfig } from '../support.config.js';
import { cleanupLongInactiveChats } from './cleanup-long-inactive-chats.task.js';

/** One transaction, of some milliseconds. */
const ARCHIVE_SIZES = { first: 100, max: 500 };
/** Their texts are erased in as many transactions as there must be. */
const CHATS_TO_ERASE = 100;

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
    await inBatches<EndedChat>(signal, ARCHIVE_SIZES, async (size, after) => {
      const chats = await this.retention.findArchivable(this.config.archiveAfterDays, after, size);
      archived += await this.retention.archive(chats.map(({ id }) => id));
      return { found: chats.length, last: chats.at(-1) };
    });
    return archived;
  }

  private async eraseTexts(signal: AbortSignal): Promise<number> {
    let erased = 0;
    await inBatches<EndedChat>(signal, CHATS_TO_ERASE, async (size, after) => {
      const chats = await this.retention.findErasable(this.config.eraseTextsAfterDays, after, size);
      const ids = chats.map(({ id }) => id);
      let hasMore = ids.length > 0;
      while (hasMore && !signal.aborted) hasMore = await this.retention.eraseSomeTexts(ids);
      if (!hasMore) erased += await this.retention.markErased(ids);
      return { found: chats.length, last: chats.at(-1) };
    });
    return erased;
  }
}

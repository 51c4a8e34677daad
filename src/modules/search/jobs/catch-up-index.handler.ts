import { Injectable, Logger } from '@nestjs/common';
import {
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { Clock } from '../../../shared/clock.js';
import { ConversationService } from '../../conversation/index.js';
import { SearchIndex } from '../search-index.service.js';
import { catchUpIndex } from './catch-up-index.task.js';

/** The jobs of turns that were saved more recently are left to run. */
const GRACE_MS = 30_000;
const TURNS_A_BATCH = 50;
/** As many as are embedded with one call. */
const MESSAGES_A_BATCH = 32;

/**
 * Indexes what was left behind: turns whose event or job was lost, messages that have no vector yet, and, after a
 * change of the embedder, those that have another's.
 */
@Injectable()
@RunsTask(catchUpIndex)
export class CatchUpIndexHandler implements PeriodicTaskHandler {
  private readonly logger = new Logger('Search');

  constructor(
    private readonly conversations: ConversationService,
    private readonly index: SearchIndex,
    private readonly clock: Clock,
  ) {}

  /** Works until nothing is left or the signal is aborted; the rest waits for the next time. */
  async run({ signal }: Pick<TaskRun, 'signal'>): Promise<TaskOutcome> {
    const turns = await this.indexWords(signal);
    const messages = await this.embed(signal);
    if (turns > 0) this.logger.log('turns indexed that were left behind', { turns });
    if (messages > 0) this.logger.log('messages embedded that had been left out', { messages });
    return { turns, messages };
  }

  private async indexWords(signal: AbortSignal): Promise<number> {
    const savedBefore = new Date(this.clock.nowMs() - GRACE_MS);
    let turns = 0;
    while (!signal.aborted) {
      const turnIds = await this.conversations.listUnindexedTurns(savedBefore, TURNS_A_BATCH);
      if (turnIds.length === 0) break;
      await this.index.indexWords(turnIds, signal);
      turns += turnIds.length;
    }
    return turns;
  }

  private async embed(signal: AbortSignal): Promise<number> {
    let messages = 0;
    while (!signal.aborted) {
      const done = await this.index.embedOutdated(MESSAGES_A_BATCH, signal);
      messages += done;
      if (done < MESSAGES_A_BATCH) break;
    }
    return messages;
  }
}

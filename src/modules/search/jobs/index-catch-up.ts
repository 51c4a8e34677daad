import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Clock } from '../../../shared/clock.js';
import { ConversationService } from '../../conversation/index.js';
import { SearchIndexRepository } from '../search-index.repository.js';
import { SearchIndex } from '../search-index.service.js';

const INTERVAL_MS = 60_000;
/** The jobs of turns that were saved more recently are left to run. */
const GRACE_MS = 30_000;
/** How long one run begins batches, and after how long another worker may take over from one that has died. */
const RUN_MS = 30_000;
const LEASE_SECONDS = 120;
const TURNS_A_BATCH = 50;
/** As many as are embedded with one call. */
const MESSAGES_A_BATCH = 32;

/**
 * Indexes what was left behind: turns whose event or job was lost, messages that have no vector yet, and, after a
 * change of the embedder, those that have another's. It runs in every worker; one of them does the work.
 */
@Injectable()
export class IndexCatchUp implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Search');
  private readonly stop = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly conversations: ConversationService,
    private readonly repository: SearchIndexRepository,
    private readonly index: SearchIndex,
    private readonly clock: Clock,
  ) {}

  /** Works for up to 30 seconds, unless another worker does; the rest waits for the next time. */
  @Interval(INTERVAL_MS)
  async catchUp(): Promise<void> {
    if (this.stop.signal.aborted) return;
    this.running ??= this.claimAndRun().finally(() => (this.running = undefined));
    await this.running;
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort(new Error('The process stops.'));
    await this.running;
  }

  private async claimAndRun(): Promise<void> {
    try {
      if (!(await this.repository.claimCatchUp(LEASE_SECONDS))) return;
      const deadline = performance.now() + RUN_MS;
      try {
        await this.indexWords(deadline);
        await this.embed(deadline);
      } finally {
        await this.repository.releaseCatchUp();
      }
    } catch (error) {
      this.logger.warn('the search index could not catch up', { reason: String(error) });
    }
  }

  private async indexWords(deadline: number): Promise<void> {
    const savedBefore = new Date(this.clock.nowMs() - GRACE_MS);
    let turns = 0;
    while (this.mayGoOn(deadline)) {
      const turnIds = await this.conversations.listUnindexedTurns(savedBefore, TURNS_A_BATCH);
      if (turnIds.length === 0) break;
      await this.index.indexWords(turnIds, this.stop.signal);
      turns += turnIds.length;
    }
    if (turns > 0) this.logger.log('turns indexed that were left behind', { turns });
  }

  private async embed(deadline: number): Promise<void> {
    let messages = 0;
    while (this.mayGoOn(deadline)) {
      const done = await this.index.embedOutdated(MESSAGES_A_BATCH, this.stop.signal);
      messages += done;
      if (done < MESSAGES_A_BATCH) break;
    }
    if (messages > 0) this.logger.log('messages embedded that had been left out', { messages });
  }

  private mayGoOn(deadline: number): boolean {
    return !this.stop.signal.aborted && performance.now() < deadline;
  }
}

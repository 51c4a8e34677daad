import { type BeforeApplicationShutdown, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Events } from '../../../platform/events/index.js';
import { JobQueue } from '../../../platform/queue/index.js';
import { turnsSaved } from '../../conversation/index.js';
import { indexTurns, MAX_TURNS_A_JOB } from './index-turns.job.js';

/** How long the ids of saved turns are gathered: many small jobs would cost more than what they do. */
const GATHER_MS = 250;

/** Has turns indexed soon after they are saved. What is lost with the process is made up for by `IndexCatchUp`. */
@Injectable()
export class TurnsSavedListener implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('Search');
  private gathered: string[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly events: Events,
    private readonly jobs: JobQueue,
  ) {}

  onModuleInit(): void {
    this.events.on(turnsSaved, ({ turnIds }) => this.gather(turnIds));
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    await this.enqueueGathered();
  }

  private gather(turnIds: readonly string[]): void {
    this.gathered.push(...turnIds);
    this.timer ??= setTimeout(() => void this.enqueueGathered(), GATHER_MS);
  }

  private async enqueueGathered(): Promise<void> {
    this.timer = undefined;
    const turnIds = this.gathered.splice(0);
    try {
      for (let start = 0; start < turnIds.length; start += MAX_TURNS_A_JOB) {
        await this.jobs.enqueue(indexTurns, { turn_ids: turnIds.slice(start, start + MAX_TURNS_A_JOB) });
      }
    } catch (error) {
      this.logger.warn('turns are indexed later: the job was not taken', { reason: String(error) });
    }
  }
}

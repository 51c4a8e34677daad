import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Events } from '../../../platform/events/index.js';
import { JobQueue } from '../../../platform/queue/index.js';
import { turnsSaved } from '../../conversation/index.js';
import { indexTurns, MAX_TURNS_A_JOB } from './index-turns.job.js';

/** Has turns indexed as soon as they are saved. */
@Injectable()
export class TurnsSavedListener implements OnModuleInit {
  constructor(
    private readonly events: Events,
    private readonly jobs: JobQueue,
  ) {}

  onModuleInit(): void {
    this.events.on(turnsSaved, ({ turnIds }) => this.enqueue(turnIds));
  }

  private async enqueue(turnIds: readonly string[]): Promise<void> {
    for (let start = 0; start < turnIds.length; start += MAX_TURNS_A_JOB) {
      await this.jobs.enqueue(indexTurns, { turn_ids: turnIds.slice(start, start + MAX_TURNS_A_JOB) });
    }
  }
}

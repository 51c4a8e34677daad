import { Injectable } from '@nestjs/common';
import { Handles, type JobHandler, type JobRun, type PayloadOf } from '../../../platform/queue/index.js';
import { SearchIndex } from '../search-index.service.js';
import { indexTurns } from './index-turns.job.js';

@Injectable()
@Handles(indexTurns)
export class IndexTurnsHandler implements JobHandler<typeof indexTurns> {
  constructor(private readonly index: SearchIndex) {}

  async handle({ turn_ids }: PayloadOf<typeof indexTurns>, { signal }: JobRun): Promise<void> {
    await this.index.indexTurns(turn_ids, signal);
  }
}

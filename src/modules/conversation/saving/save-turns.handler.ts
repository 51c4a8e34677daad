import { Injectable } from '@nestjs/common';
import { Handles, type JobHandler, type JobRun, type PayloadOf } from '../../../platform/queue/index.js';
import { TurnSaver } from './turn-saver.service.js';
import { saveTurns } from './save-turns.job.js';

@Injectable()
@Handles(saveTurns)
export class SaveTurnsHandler implements JobHandler<typeof saveTurns> {
  constructor(private readonly saver: TurnSaver) {}

  async handle({ shard }: PayloadOf<typeof saveTurns>, { signal }: JobRun): Promise<void> {
    await this.saver.saveShard(shard, signal);
  }
}

import { Injectable } from '@nestjs/common';
import {
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { ChangeCollector } from '../change-collector.service.js';
import { StatisticsComputer } from '../statistics-computer.service.js';
import { updateAllUsersStatistics } from './update-all-users-statistics.task.js';

const BATCH_SIZE = 200;

/** Notes whose statistics are out of date, and computes them in batches. A run that is cut off is gone on with. */
@Injectable()
@RunsTask(updateAllUsersStatistics)
export class UpdateAllUsersStatisticsHandler implements PeriodicTaskHandler {
  constructor(
    private readonly collector: ChangeCollector,
    private readonly computer: StatisticsComputer,
  ) {}

  async run({ signal }: TaskRun): Promise<TaskOutcome> {
    const noted = await this.collector.collect(signal);
    let computed = 0;
    while (!signal.aborted) {
      const batch = await this.computer.computeSome(BATCH_SIZE);
      computed += batch.computed;
      if (batch.claimed < BATCH_SIZE) break;
    }
    return { noted, computed };
  }
}

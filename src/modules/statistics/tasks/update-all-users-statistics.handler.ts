import { Injectable } from '@nestjs/common';
import {
  inBatches,
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { ChangeCollector } from '../change-collector.service.js';
import { StatisticsComputer } from '../statistics-computer.service.js';
import { type DueUser, StatisticsDueRepository } from '../statistics-due.repository.js';
import { updateAllUsersStatistics } from './update-all-users-statistics.task.js';

/** They are claimed, read from several sources without locks, and written: a short transaction each. */
const BATCH_SIZE = 400;

/** Notes whose statistics are out of date, and computes them in batches. A run that is cut off is gone on with. */
@Injectable()
@RunsTask(updateAllUsersStatistics)
export class UpdateAllUsersStatisticsHandler implements PeriodicTaskHandler {
  constructor(
    private readonly collector: ChangeCollector,
    private readonly due: StatisticsDueRepository,
    private readonly computer: StatisticsComputer,
  ) {}

  async run({ signal }: TaskRun): Promise<TaskOutcome> {
    const noted = await this.collector.collect(signal);
    let computed = 0;
    await inBatches<DueUser>(signal, BATCH_SIZE, async (size, after) => {
      const users = await this.due.listDue(after, size);
      computed += await this.computer.computeSome(users.map(({ userId }) => userId));
      return { found: users.length, last: users.at(-1) };
    });
    return { noted, computed };
  }
}

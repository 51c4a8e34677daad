import { Injectable } from '@nestjs/common';
import {
  inBatches,
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { type OutdatedExpert, ResponseTimeRepository } from '../response-time.repository.js';
import { updateFeaturedTaskExpertsResponseTime } from './update-featured-task-experts-response-time.task.js';

const SIZES = { first: 100, max: 500 };

/** Computes the response times of featured experts for the run's due time. A second try goes on with the rest. */
@Injectable()
@RunsTask(updateFeaturedTaskExpertsResponseTime)
export class UpdateFeaturedTaskExpertsResponseTimeHandler implements PeriodicTaskHandler {
  constructor(private readonly responseTimes: ResponseTimeRepository) {}

  async run({ dueAt, signal }: TaskRun): Promise<TaskOutcome> {
    let computed = 0;
    await inBatches<OutdatedExpert>(signal, SIZES, async (size, after) => {
      const experts = await this.responseTimes.listOutdated(dueAt, after, size);
      const userIds = experts.map(({ userId }) => userId);
      if (userIds.length > 0) computed += await this.responseTimes.compute(userIds, dueAt);
      return { found: experts.length, last: experts.at(-1) };
    });
    return { computed };
  }
}

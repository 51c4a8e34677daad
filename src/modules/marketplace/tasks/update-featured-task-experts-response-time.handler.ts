import { Injectable } from '@nestjs/common';
import {
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { ResponseTimeRepository } from '../response-time.repository.js';
import { updateFeaturedTaskExpertsResponseTime } from './update-featured-task-experts-response-time.task.js';

const BATCH_SIZE = 100;

/** Computes the response times of featured experts for the run's due time. A second try goes on with the rest. */
@Injectable()
@RunsTask(updateFeaturedTaskExpertsResponseTime)
export class UpdateFeaturedTaskExpertsResponseTimeHandler implements PeriodicTaskHandler {
  constructor(private readonly responseTimes: ResponseTimeRepository) {}

  async run({ dueAt, signal }: TaskRun): Promise<TaskOutcome> {
    let computed = 0;
    while (!signal.aborted) {
      const userIds = await this.responseTimes.listOutdated(dueAt, BATCH_SIZE);
      if (userIds.length > 0) computed += await this.responseTimes.compute(userIds, dueAt);
      if (userIds.length < BATCH_SIZE) break;
    }
    return { computed };
  }
}

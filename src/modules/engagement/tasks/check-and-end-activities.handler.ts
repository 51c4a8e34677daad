import { Injectable } from '@nestjs/common';
import {
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { ActivityEnding } from '../activities/activity-ending.js';
import { checkAndEndActivities } from './check-and-end-activities.task.js';

@Injectable()
@RunsTask(checkAndEndActivities)
export class CheckAndEndActivitiesHandler implements PeriodicTaskHandler {
  constructor(private readonly ending: ActivityEnding) {}

  run({ signal }: TaskRun): Promise<TaskOutcome> {
    return this.ending.endDue(signal);
  }
}

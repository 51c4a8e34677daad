import { Injectable } from '@nestjs/common';
import {
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { PointService } from '../points/point.service.js';
import { checkExpiredPoints } from './check-expired-points.task.js';

@Injectable()
@RunsTask(checkExpiredPoints)
export class CheckExpiredPointsHandler implements PeriodicTaskHandler {
  constructor(private readonly points: PointService) {}

  run({ signal }: TaskRun): Promise<TaskOutcome> {
    return this.points.expirePoints(signal);
  }
}

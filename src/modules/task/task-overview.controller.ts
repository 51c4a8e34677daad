import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { RequireScope } from '../../platform/http/index.js';
import {
  type TaskLanesAnswer,
  type TaskLanesQuery,
  taskLanesQuerySchema,
  taskLanesSchema,
  type TaskQueueParams,
  taskQueueParamsSchema,
  taskQueueOverviewsSchema,
  toLanesAnswer,
  toOverviewsAnswer,
} from './dto/overview.dto.js';
import { checkTaskQueue } from './task-monitor.service.js';
import { TaskOverview } from './task-overview.service.js';

/** What the monitor of RQ has no words for: all states, times, and who waits behind whom. */
@ApiTags('Operations')
@ApiBearerAuth()
@Controller('api/admin/tasks/queues')
@RequireScope('operations')
export class TaskOverviewController {
  constructor(private readonly overview: TaskOverview) {}

  @Get()
  @ApiOperation({
    summary: 'Read how the queues of tasks get on',
    description: 'Tasks by state, how long they wait and run, and how many users wait.',
  })
  @ApiOkResponse({ standardSchema: taskQueueOverviewsSchema })
  async readQueues(): Promise<z.infer<typeof taskQueueOverviewsSchema>> {
    return toOverviewsAnswer(await this.overview.readQueues());
  }

  @Get(':name/lanes')
  @ApiOperation({
    summary: 'Read who waits in a queue of tasks, in the order of turns',
    description: 'Users take turns, whatever each has waiting: the lane with the smallest `turn` comes next.',
  })
  @ApiOkResponse({ standardSchema: taskLanesSchema })
  @ApiNotFoundResponse({ description: '`task_queue_not_found`' })
  async readLanes(
    @Param({ schema: taskQueueParamsSchema }) { name }: TaskQueueParams,
    @Query({ schema: taskLanesQuerySchema }) { limit }: TaskLanesQuery,
  ): Promise<TaskLanesAnswer> {
    return toLanesAnswer(await this.overview.readLanes(checkTaskQueue(name), limit));
  }
}

import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { z } from 'zod';
import { CurrentPrincipal, type Principal, RequireScope } from '../../platform/http/index.js';
import { taskQueueNames } from './domain/task.js';
import {
  type Envelope,
  rqAllStatsSchema,
  type RqIntent,
  rqIntentSchema,
  type RqJobDetails,
  type RqJobParams,
  rqJobParamsSchema,
  rqJobSchema,
  type RqJobsQuery,
  rqJobsQuerySchema,
  rqJobsSchema,
  type RqQueueParams,
  rqQueueParamsSchema,
  rqQueuesSchema,
  rqStatsSchema,
  rqWorkersSchema,
  toRqJob,
  toRqJobDetails,
  toRqStats,
  toRqWorker,
  wrap,
} from './dto/rq.dto.js';
import { checkTaskQueue, TaskMonitor } from './task-monitor.service.js';
import { TaskOperator } from './task-operator.service.js';
import { TaskService } from './task.service.js';
import { taskQueueNotFound } from './task.errors.js';

const NO_QUEUE = '`task_queue_not_found`';
const NO_JOB = '`task_not_found`, `task_expired`';

/** The queues of tasks as RQ's monitor shows them. Errors are problem documents, as everywhere. */
@ApiTags('Operations')
@ApiBearerAuth()
@Controller('api/v1/rq')
@RequireScope('operations')
export class RqController {
  constructor(
    private readonly monitor: TaskMonitor,
    private readonly tasks: TaskService,
    private readonly operator: TaskOperator,
  ) {}

  @Get('queues')
  @ApiOperation({ summary: 'List the names of the queues of tasks' })
  @ApiOkResponse({ standardSchema: rqQueuesSchema })
  listQueues(): z.infer<typeof rqQueuesSchema> {
    const queues = [...taskQueueNames];
    return wrap({ queues, count: queues.length }, `${queues.length} queues.`);
  }

  @Get('queues/stats')
  @ApiOperation({ summary: 'Read all queues of tasks in numbers' })
  @ApiOkResponse({ standardSchema: rqAllStatsSchema })
  async readAllStats(): Promise<z.infer<typeof rqAllStatsSchema>> {
    const stats = (await this.monitor.readStats()).map(toRqStats);
    const queues = Object.fromEntries(stats.map((each) => [each.queue_name, each]));
    return wrap({ queues }, `${stats.length} queues in numbers.`);
  }

  @Get('queues/:name/stats')
  @ApiOperation({
    summary: 'Read a queue of tasks in numbers',
    description: 'Ended tasks until they expire.',
  })
  @ApiOkResponse({ standardSchema: rqStatsSchema })
  @ApiNotFoundResponse({ description: NO_QUEUE })
  async readStats(
    @Param({ schema: rqQueueParamsSchema }) { name }: RqQueueParams,
  ): Promise<z.infer<typeof rqStatsSchema>> {
    const queue = checkTaskQueue(name);
    const stats = (await this.monitor.readStats()).find((each) => each.name === queue);
    if (!stats) throw taskQueueNotFound({ param: 'name' });
    return wrap(toRqStats(stats), `${queue} in numbers.`);
  }

  @Get('queues/:name/jobs')
  @ApiOperation({ summary: "List everybody's tasks of a queue, the newest first" })
  @ApiOkResponse({ standardSchema: rqJobsSchema })
  @ApiNotFoundResponse({ description: NO_QUEUE })
  async listJobs(
    @Param({ schema: rqQueueParamsSchema }) { name }: RqQueueParams,
    @Query({ schema: rqJobsQuerySchema }) { status, limit }: RqJobsQuery,
  ): Promise<z.infer<typeof rqJobsSchema>> {
    const queue = checkTaskQueue(name);
    const jobs = (await this.monitor.listTasks(queue, status, limit)).map(toRqJob);
    return wrap({ queue_name: queue, jobs, count: jobs.length }, `${jobs.length} jobs of ${queue}.`);
  }

  @Get('workers')
  @ApiOperation({ summary: 'List the worker processes that do tasks' })
  @ApiOkResponse({ standardSchema: rqWorkersSchema })
  async listWorkers(): Promise<z.infer<typeof rqWorkersSchema>> {
    const workers = (await this.monitor.listWorkers()).map(toRqWorker);
    return wrap({ workers, count: workers.length }, `${workers.length} workers.`);
  }

  @Get('jobs/:id')
  @ApiOperation({ summary: "Read anybody's task, with where it failed" })
  @ApiOkResponse({ standardSchema: rqJobSchema })
  @ApiNotFoundResponse({ description: NO_JOB })
  async readJob(@Param({ schema: rqJobParamsSchema }) { id }: RqJobParams): Promise<Envelope<RqJobDetails>> {
    return wrap(toRqJobDetails(await this.tasks.findAny(id)), `The job ${id}.`);
  }

  @Post('jobs/:id/cancel')
  @HttpCode(200)
  @ApiOperation({
    summary: "Cancel anybody's task",
    description: 'One that runs hears of it within two seconds.',
  })
  @ApiOkResponse({ standardSchema: rqJobSchema })
  @ApiNotFoundResponse({ description: NO_JOB })
  @ApiConflictResponse({ description: '`task_in_other_state`: it has ended' })
  async cancelJob(
    @CurrentPrincipal() { userId: operatorId }: Principal,
    @Param({ schema: rqJobParamsSchema }) { id }: RqJobParams,
    @Body({ schema: rqIntentSchema }) { reason }: RqIntent,
  ): Promise<Envelope<RqJobDetails>> {
    const task = await this.operator.cancel({ operatorId, reason }, id);
    return wrap(toRqJobDetails(task), `The job ${id} is cancelled.`);
  }

  @Post('jobs/:id/requeue')
  @HttpCode(200)
  @ApiOperation({ summary: "Have anybody's task that failed or was cancelled run again" })
  @ApiOkResponse({ standardSchema: rqJobSchema })
  @ApiNotFoundResponse({ description: NO_JOB })
  @ApiConflictResponse({ description: '`task_in_other_state`, `task_is_duplicate`' })
  async requeueJob(
    @CurrentPrincipal() { userId: operatorId }: Principal,
    @Param({ schema: rqJobParamsSchema }) { id }: RqJobParams,
    @Body({ schema: rqIntentSchema }) { reason }: RqIntent,
  ): Promise<Envelope<RqJobDetails>> {
    const task = await this.operator.requeue({ operatorId, reason }, id);
    return wrap(toRqJobDetails(task), `The job ${id} is queued again.`);
  }
}

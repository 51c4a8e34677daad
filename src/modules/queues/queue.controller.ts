import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiConflictResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import { z } from 'zod';
import {
  CurrentPrincipal,
  decodeCursor,
  encodeCursor,
  type Principal,
  RequireScope,
} from '../../platform/http/index.js';
import { Clock } from '../../shared/clock.js';
import {
  drainedSchema,
  type JobAnswer,
  type JobListAnswer,
  type JobListQuery,
  jobListQuerySchema,
  jobListSchema,
  type JobParams,
  jobParamsSchema,
  jobSchema,
  type Operation,
  operationSchema,
  type QueueAnswer,
  queueListSchema,
  type QueueParams,
  queueParamsSchema,
  queueSchema,
  retriedSchema,
  toJobAnswer,
  toJobSummaryAnswer,
  toQueueAnswer,
} from './dto/queue.dto.js';
import { type Intent, QueueOperator } from './queue-operator.service.js';

const shard = z.int().min(0).max(9_999);
const position = z.union([
  z.tuple([shard, z.number().min(0), z.string().min(1).max(200)]),
  z.tuple([shard, z.int().min(0)]),
]);

/** The queues of background jobs. Whatever is done here is in the audit log, with the reason. */
@ApiTags('Operations')
@ApiBearerAuth()
@Controller('api/admin/queues')
@RequireScope('operations')
@ApiServiceUnavailableResponse({ description: '`queues_unavailable`: Redis is away' })
export class QueueController {
  constructor(
    private readonly queues: QueueOperator,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'List the queues: what waits, runs and has failed, and who works',
    description: 'Periodic tasks have a way of their own: `/api/admin/schedules`.',
  })
  @ApiOkResponse({ standardSchema: queueListSchema })
  async list(): Promise<z.infer<typeof queueListSchema>> {
    const queues = await this.queues.list();
    return { items: queues.map((queue) => toQueueAnswer(queue, this.clock.nowMs())), next_cursor: null };
  }

  @Get(':name')
  @ApiOperation({ summary: 'Read how a queue is' })
  @ApiOkResponse({ standardSchema: queueSchema })
  @ApiNotFoundResponse({ description: '`queue_not_found`' })
  async read(@Param({ schema: queueParamsSchema }) { name }: QueueParams): Promise<QueueAnswer> {
    return toQueueAnswer(await this.queues.find(name), this.clock.nowMs());
  }

  @Post(':name/pause')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Have no further job of a queue begun',
    description:
      'In no process; what runs goes on, and jobs still come in. Of `conversation-saves`: finished turns wait in ' +
      'Redis, where they can be read, and new ones are refused with `save_backlog_full` when too many wait.',
  })
  @ApiOkResponse({ standardSchema: queueSchema })
  @ApiNotFoundResponse({ description: '`queue_not_found`' })
  async pause(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: queueParamsSchema }) { name }: QueueParams,
    @Body({ schema: operationSchema }) body: Operation,
  ): Promise<QueueAnswer> {
    return toQueueAnswer(await this.queues.pause(intentOf(principal, body), name), this.clock.nowMs());
  }

  @Post(':name/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Have the jobs of a paused queue begun again' })
  @ApiOkResponse({ standardSchema: queueSchema })
  @ApiNotFoundResponse({ description: '`queue_not_found`' })
  async resume(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: queueParamsSchema }) { name }: QueueParams,
    @Body({ schema: operationSchema }) body: Operation,
  ): Promise<QueueAnswer> {
    return toQueueAnswer(await this.queues.resume(intentOf(principal, body), name), this.clock.nowMs());
  }

  @Post(':name/drain')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Throw away the jobs that wait in a queue',
    description:
      'Not those that run, or wait for their next try. No work is lost by it: the jobs of `conversation-saves` only ' +
      'wake its workers, which look for turns by themselves every five seconds, and what was not indexed is found ' +
      'by the task `catch-up-search-index`.',
  })
  @ApiOkResponse({ standardSchema: drainedSchema })
  @ApiNotFoundResponse({ description: '`queue_not_found`' })
  @ApiConflictResponse({ description: '`queue_not_drainable`' })
  async drain(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: queueParamsSchema }) { name }: QueueParams,
    @Body({ schema: operationSchema }) body: Operation,
  ): Promise<z.infer<typeof drainedSchema>> {
    return { name, removed_jobs: await this.queues.drain(intentOf(principal, body), name) };
  }

  @Post(':name/retry-failed')
  @HttpCode(200)
  @ApiOperation({ summary: 'Have all failed jobs of a queue tried again, as if they were new' })
  @ApiOkResponse({ standardSchema: retriedSchema })
  @ApiNotFoundResponse({ description: '`queue_not_found`' })
  async retryFailed(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: queueParamsSchema }) { name }: QueueParams,
    @Body({ schema: operationSchema }) body: Operation,
  ): Promise<z.infer<typeof retriedSchema>> {
    return { name, retried_jobs: await this.queues.retryFailed(intentOf(principal, body), name) };
  }

  @Get(':name/jobs')
  @ApiOperation({
    summary: 'List the jobs of a queue that are in one state',
    description:
      'Ended ones from the newest on, delayed ones by when they are due. Waiting and active ones shard by shard, the ' +
      'longest there first; since they move on while you read, one may be seen twice or be missed.',
  })
  @ApiOkResponse({ standardSchema: jobListSchema })
  @ApiNotFoundResponse({ description: '`queue_not_found`' })
  async listJobs(
    @Param({ schema: queueParamsSchema }) { name }: QueueParams,
    @Query({ schema: jobListQuerySchema }) { state, limit, cursor }: JobListQuery,
  ): Promise<JobListAnswer> {
    const after = cursor === undefined ? undefined : decodeCursor(cursor, position);
    const { jobs, next } = await this.queues.listJobs(name, state, limit, after);
    return { items: jobs.map(toJobSummaryAnswer), next_cursor: next ? encodeCursor(next) : null };
  }

  @Get(':name/jobs/:id')
  @ApiOperation({ summary: 'Read a job: its data, its tries, its times, and how it failed' })
  @ApiOkResponse({ standardSchema: jobSchema })
  @ApiNotFoundResponse({ description: '`queue_not_found`, `job_not_found`' })
  async readJob(@Param({ schema: jobParamsSchema }) { name, id }: JobParams): Promise<JobAnswer> {
    return toJobAnswer(await this.queues.findJob(name, id));
  }

  @Post(':name/jobs/:id/retry')
  @HttpCode(204)
  @ApiOperation({ summary: 'Have a failed job tried again, as if it were new' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: '`queue_not_found`, `job_not_found`' })
  @ApiConflictResponse({ description: '`job_in_other_state`: it has not failed' })
  async retryJob(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: jobParamsSchema }) { name, id }: JobParams,
    @Body({ schema: operationSchema }) body: Operation,
  ): Promise<void> {
    await this.queues.retryJob(intentOf(principal, body), name, id);
  }

  @Delete(':name/jobs/:id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Take a job out of its queue', description: 'Any but one that runs.' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: '`queue_not_found`, `job_not_found`' })
  @ApiConflictResponse({ description: '`job_in_other_state`: it runs' })
  async removeJob(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: jobParamsSchema }) { name, id }: JobParams,
    @Body({ schema: operationSchema }) body: Operation,
  ): Promise<void> {
    await this.queues.removeJob(intentOf(principal, body), name, id);
  }
}

function intentOf({ userId }: Principal, { reason }: Operation): Intent {
  return { operatorId: userId, reason };
}

import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import type { z } from 'zod';
import { CurrentPrincipal, encodeCursor, type Principal, RequireScope } from '../../platform/http/index.js';
import { shownState } from './domain/task.js';
import {
  type ReceiptAnswer,
  readTaskCursor,
  receiptSchema,
  resultSchema,
  type SubmitTask,
  submitTaskSchema,
  type TaskAnswer,
  type TaskListQuery,
  taskListQuerySchema,
  type TaskPageAnswer,
  taskPageSchema,
  type TaskParams,
  taskParamsSchema,
  taskSchema,
  toOptions,
  toReceiptAnswer,
  toTaskAnswer,
} from './dto/task.dto.js';
import { PublicKinds } from './public-kinds.js';
import { taskInOtherState } from './task.errors.js';
import { TaskService } from './task.service.js';

const NOT_FOUND = '`task_not_found`; `task_expired`: the time for which it was kept is over';

/** A user's own tasks. */
@ApiTags('Tasks')
@ApiBearerAuth()
@Controller('api/tasks')
@RequireScope('tasks')
export class TaskController {
  constructor(
    private readonly tasks: TaskService,
    private readonly kinds: PublicKinds,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    summary: 'Have a task done in the background',
    description:
      'Once this answers, the task is in the database and is run, also if Redis is away at the moment. Tasks of many ' +
      'users take turns; your own run by `priority`, then in the order in which they came.',
  })
  @ApiAcceptedResponse({ standardSchema: receiptSchema })
  @ApiUnprocessableEntityResponse({ description: '`task_kind_unknown`, `invalid_request`' })
  @ApiTooManyRequestsResponse({ description: '`task_quota_exceeded`: too many of yours wait' })
  async submit(
    @CurrentPrincipal() { userId }: Principal,
    @Body({ schema: submitTaskSchema }) { name, payload, options }: SubmitTask,
  ): Promise<ReceiptAnswer> {
    const kind = this.kinds.get(name);
    return toReceiptAnswer(await this.tasks.submit(userId, kind, payload, toOptions(options)));
  }

  @Get()
  @ApiOperation({ summary: 'List your tasks, the newest first' })
  @ApiOkResponse({ standardSchema: taskPageSchema })
  async list(
    @CurrentPrincipal() { userId }: Principal,
    @Query({ schema: taskListQuerySchema }) { state, limit, cursor }: TaskListQuery,
  ): Promise<TaskPageAnswer> {
    const { tasks, nextId } = await this.tasks.list(userId, state, readTaskCursor(cursor), limit);
    return { items: tasks.map(toTaskAnswer), next_cursor: nextId === null ? null : encodeCursor([nextId]) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a task: how it stands, its result or its error' })
  @ApiOkResponse({ standardSchema: taskSchema })
  @ApiNotFoundResponse({ description: NOT_FOUND })
  async read(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: taskParamsSchema }) { id }: TaskParams,
  ): Promise<TaskAnswer> {
    return toTaskAnswer(await this.tasks.find(userId, id));
  }

  @Get(':id/result')
  @ApiOperation({ summary: 'Read what a finished task gave' })
  @ApiOkResponse({ standardSchema: resultSchema })
  @ApiNotFoundResponse({ description: NOT_FOUND })
  @ApiConflictResponse({ description: '`task_in_other_state`: it has not finished' })
  async readResult(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: taskParamsSchema }) { id }: TaskParams,
  ): Promise<z.infer<typeof resultSchema>> {
    const task = await this.tasks.find(userId, id);
    if (task.state !== 'finished') throw taskInOtherState({ details: { state: shownState(task.state) } });
    return { result: task.result };
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Cancel a task',
    description:
      'One that waits is cancelled at once. One that runs is told so within two seconds; until its run has ended it is ' +
      '`started`. If the run gives its result all the same, it has finished.',
  })
  @ApiOkResponse({ standardSchema: taskSchema })
  @ApiNotFoundResponse({ description: NOT_FOUND })
  @ApiConflictResponse({ description: '`task_in_other_state`: it has ended' })
  async cancel(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: taskParamsSchema }) { id }: TaskParams,
  ): Promise<TaskAnswer> {
    return toTaskAnswer(await this.tasks.cancel(userId, id));
  }

  @Post(':id/requeue')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Have a task that failed or was cancelled run again',
    description: 'As if it were new. What was cancelled because it waited for it waits again.',
  })
  @ApiOkResponse({ standardSchema: taskSchema })
  @ApiNotFoundResponse({ description: NOT_FOUND })
  @ApiConflictResponse({
    description: '`task_in_other_state`: neither failed nor cancelled; `task_is_duplicate`',
  })
  async requeue(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: taskParamsSchema }) { id }: TaskParams,
  ): Promise<TaskAnswer> {
    return toTaskAnswer(await this.tasks.requeue(userId, id));
  }
}

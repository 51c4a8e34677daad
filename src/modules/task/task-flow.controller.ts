import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import { CurrentPrincipal, encodeCursor, type Principal, RequireScope } from '../../platform/http/index.js';
import {
  type FlowAnswer,
  type FlowListQuery,
  flowListQuerySchema,
  type FlowPageAnswer,
  flowPageSchema,
  type FlowReceiptAnswer,
  flowReceiptSchema,
  flowSchema,
  type FlowTask,
  readTaskCursor,
  type SubmitFlow,
  submitFlowSchema,
  type TaskParams,
  taskParamsSchema,
  toFlowItem,
  toOptions,
  toTaskAnswer,
} from './dto/task.dto.js';
import { PublicKinds } from './public-kinds.js';
import { TaskFlows, type TaskOfFlow } from './task-flows.service.js';

/** Chains and groups of a user's own tasks. */
@ApiTags('Tasks')
@ApiBearerAuth()
@Controller('api/tasks/flows')
@RequireScope('tasks')
export class TaskFlowController {
  constructor(
    private readonly flows: TaskFlows,
    private readonly kinds: PublicKinds,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    summary: 'Have tasks done one after the other',
    description:
      'All are accepted, or none. If one fails for good or is cancelled, what waits for it is cancelled with the ' +
      'reason `dependency_failed`; have it requeued, and they wait again.',
  })
  @ApiAcceptedResponse({ standardSchema: flowReceiptSchema })
  @ApiUnprocessableEntityResponse({ description: '`task_kind_unknown`, `invalid_request`' })
  @ApiTooManyRequestsResponse({ description: '`task_quota_exceeded`' })
  async submit(
    @CurrentPrincipal() { userId }: Principal,
    @Body({ schema: submitFlowSchema }) { steps }: SubmitFlow,
  ): Promise<FlowReceiptAnswer> {
    const groups = steps.map((step) => ('group' in step ? step.group : [step]));
    const { flowId, steps: ids } = await this.flows.submit(
      userId,
      groups.map((group) => group.map((task) => this.toTask(task))),
    );
    return { flow_id: flowId, steps: ids.map((step) => [...step]) };
  }

  @Get()
  @ApiOperation({ summary: 'List your flows and how their tasks stand, the newest first' })
  @ApiOkResponse({ standardSchema: flowPageSchema })
  async list(
    @CurrentPrincipal() { userId }: Principal,
    @Query({ schema: flowListQuerySchema }) { limit, cursor }: FlowListQuery,
  ): Promise<FlowPageAnswer> {
    const { flows, nextId } = await this.flows.list(userId, readTaskCursor(cursor), limit);
    return { items: flows.map(toFlowItem), next_cursor: nextId === null ? null : encodeCursor([nextId]) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a flow and how its tasks stand', description: 'Expired ones are left out.' })
  @ApiOkResponse({ standardSchema: flowSchema })
  @ApiNotFoundResponse({ description: '`task_flow_not_found`' })
  async read(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: taskParamsSchema }) { id }: TaskParams,
  ): Promise<FlowAnswer> {
    const { currentStep, steps } = await this.flows.find(userId, id);
    return { id, current_step: currentStep, steps: steps.map((tasks) => tasks.map(toTaskAnswer)) };
  }

  private toTask({ name, payload, options }: FlowTask): TaskOfFlow {
    return { definition: this.kinds.get(name), payload, options: toOptions(options) };
  }
}

import { Body, Controller, Get, Headers, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import { z } from 'zod';
import {
  CurrentPrincipal,
  decodeCursor,
  encodeCursor,
  type Principal,
  readIdempotencyKey,
  RequireScope,
} from '../../platform/http/index.js';
import {
  type ListQuery,
  listQuerySchema,
  type ScheduleAnswer,
  type ScheduleList,
  scheduleListSchema,
  type ScheduleParams,
  scheduleParamsSchema,
  scheduleSchema,
  type SetCron,
  setCronSchema,
  type SlotAnswer,
  type SlotList,
  slotListSchema,
  slotSchema,
  toScheduleAnswer,
  toSlotAnswer,
} from './dto/schedule.dto.js';
import { ScheduleOperations } from './operations/schedule-operations.service.js';

const namePosition = z.tuple([z.string()]);
const slotPosition = z.tuple([z.iso.datetime()]);
const operator = ({ userId }: Principal) => ({ kind: 'operator', id: userId }) as const;

/** The periodic tasks. All of it works while Redis is away. */
@ApiTags('Operations')
@ApiBearerAuth()
@Controller('api/admin/schedules')
@RequireScope('operations')
export class ScheduleController {
  constructor(private readonly schedules: ScheduleOperations) {}

  @Get()
  @ApiOperation({ summary: 'List the periodic tasks: when each is due, and how it ended last' })
  @ApiOkResponse({ standardSchema: scheduleListSchema })
  async list(@Query({ schema: listQuerySchema }) { limit, cursor }: ListQuery): Promise<ScheduleList> {
    const after = cursor === undefined ? '' : decodeCursor(cursor, namePosition)[0];
    const rest = (await this.schedules.list()).filter(({ task }) => task.name > after);
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(toScheduleAnswer),
      next_cursor: rest.length > page.length && last ? encodeCursor([last.task.name]) : null,
    };
  }

  @Post(':name/run')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Run a periodic task now',
    description:
      'A worker begins it within a second, or when the run of the task that goes on has ended; also while it is paused.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'Up to 255 characters. The same key is the same run of this task.',
    schema: { type: 'string', maxLength: 255 },
    example: 'after-import-2027-01-17',
  })
  @ApiAcceptedResponse({ standardSchema: slotSchema })
  @ApiNotFoundResponse({ description: '`schedule_not_found`' })
  async run(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: scheduleParamsSchema }) { name }: ScheduleParams,
    @Headers('idempotency-key') header: string | undefined,
  ): Promise<SlotAnswer> {
    const key = header === undefined ? undefined : readIdempotencyKey(header);
    return toSlotAnswer(await this.schedules.run(operator(principal), name, key));
  }

  @Post(':name/pause')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Pause a periodic task',
    description:
      'What runs goes on. The due times of the pause are skipped; they share one line of the history.',
  })
  @ApiOkResponse({ standardSchema: scheduleSchema })
  @ApiNotFoundResponse({ description: '`schedule_not_found`' })
  async pause(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: scheduleParamsSchema }) { name }: ScheduleParams,
  ): Promise<ScheduleAnswer> {
    return toScheduleAnswer(await this.schedules.pause(operator(principal), name));
  }

  @Post(':name/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Let a paused task run again, from now on' })
  @ApiOkResponse({ standardSchema: scheduleSchema })
  @ApiNotFoundResponse({ description: '`schedule_not_found`' })
  async resume(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: scheduleParamsSchema }) { name }: ScheduleParams,
  ): Promise<ScheduleAnswer> {
    return toScheduleAnswer(await this.schedules.resume(operator(principal), name));
  }

  @Put(':name/cron')
  @ApiOperation({
    summary: 'Set when a periodic task is due',
    description: 'For all processes, and for good; null goes back to the default.',
  })
  @ApiOkResponse({ standardSchema: scheduleSchema })
  @ApiNotFoundResponse({ description: '`schedule_not_found`' })
  @ApiUnprocessableEntityResponse({ description: '`cron_invalid`: its `detail` says why' })
  async setCron(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: scheduleParamsSchema }) { name }: ScheduleParams,
    @Body({ schema: setCronSchema }) { cron }: SetCron,
  ): Promise<ScheduleAnswer> {
    return toScheduleAnswer(await this.schedules.setCron(operator(principal), name, cron));
  }

  @Get(':name/runs')
  @ApiOperation({ summary: 'Read the history of a periodic task, slot by slot' })
  @ApiOkResponse({ standardSchema: slotListSchema })
  @ApiNotFoundResponse({ description: '`schedule_not_found`' })
  async runs(
    @Param({ schema: scheduleParamsSchema }) { name }: ScheduleParams,
    @Query({ schema: listQuerySchema }) { limit, cursor }: ListQuery,
  ): Promise<SlotList> {
    const before = cursor === undefined ? undefined : new Date(decodeCursor(cursor, slotPosition)[0]);
    const rows = await this.schedules.listRuns(name, limit + 1, before);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(toSlotAnswer),
      next_cursor: rows.length > page.length && last ? encodeCursor([last.dueAt.toISOString()]) : null,
    };
  }
}

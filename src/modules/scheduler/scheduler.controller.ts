import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import {
  CurrentPrincipal,
  decodeCursor,
  encodeCursor,
  type Principal,
  RequireScope,
} from '../../platform/http/index.js';
import {
  type Drill,
  drillSchema,
  type ListQuery,
  listQuerySchema,
  type SchedulerAnswer,
  schedulerSchema,
  type SwitchList,
  switchListSchema,
  toSchedulerAnswer,
  toSwitchAnswer,
} from './dto/schedule.dto.js';
import { ScheduleOperations } from './operations/schedule-operations.service.js';

const position = z.tuple([z.uuid()]);

/** How the periodic tasks are driven. All of it works while Redis is away. */
@ApiTags('Operations')
@ApiBearerAuth()
@Controller('api/admin/scheduler')
@RequireScope('operations')
export class SchedulerController {
  constructor(private readonly schedules: ScheduleOperations) {}

  @Get()
  @ApiOperation({ summary: 'See how the periodic tasks are driven, and by which worker' })
  @ApiOkResponse({ standardSchema: schedulerSchema })
  async overview(): Promise<SchedulerAnswer> {
    return toSchedulerAnswer(await this.schedules.overview());
  }

  @Get('switches')
  @ApiOperation({ summary: 'Read when the schedules changed hands or their way, and why' })
  @ApiOkResponse({ standardSchema: switchListSchema })
  async switches(@Query({ schema: listQuerySchema }) { limit, cursor }: ListQuery): Promise<SwitchList> {
    const before = cursor === undefined ? undefined : decodeCursor(cursor, position)[0];
    const rows = await this.schedules.listSwitches(limit + 1, before);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(toSwitchAnswer),
      next_cursor: rows.length > page.length && last ? encodeCursor([last.id]) : null,
    };
  }

  @Post('drill')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Have the schedules go on as if Redis were lost',
    description:
      'For up to ten minutes. Only the schedules are concerned. They go back when it is over and Redis has answered ' +
      'for `LOCKKEEPER_SCHEDULE_STABLE_MS`.',
  })
  @ApiOkResponse({ standardSchema: schedulerSchema })
  async drill(
    @CurrentPrincipal() { userId }: Principal,
    @Body({ schema: drillSchema }) { seconds }: Drill,
  ): Promise<SchedulerAnswer> {
    return toSchedulerAnswer(await this.schedules.drill({ kind: 'operator', id: userId }, seconds));
  }
}

import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import {
  CurrentPrincipal,
  decodeCursor,
  type Principal,
  RequireScope,
} from '../../../platform/http/index.js';
import {
  idParamsSchema,
  idPosition,
  pageQuerySchema,
  toPage,
  type IdParams,
  type PageQuery,
} from '../page.dto.js';
import {
  activityPageSchema,
  activitySchema,
  createActivitySchema,
  payoutPageSchema,
  toActivityAnswer,
  toNewActivity,
  toPayoutAnswer,
} from './activity.dto.js';
import type { ActivityAnswer, ActivityPage, CreateActivity, PayoutPage } from './activity.dto.js';
import { ActivityRepository } from './activity.repository.js';
import { ActivityService } from './activity.service.js';
import { PayoutRepository } from './payout.repository.js';

/** For operators. */
@ApiTags('Activities')
@ApiBearerAuth()
@Controller('api/admin/activities')
@RequireScope('operations')
export class ActivityOperationsController {
  constructor(
    private readonly activities: ActivityService,
    private readonly repository: ActivityRepository,
    private readonly payouts: PayoutRepository,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Make an activity', description: 'Its rule cannot be changed afterwards.' })
  @ApiCreatedResponse({ standardSchema: activitySchema })
  @ApiConflictResponse({ description: '`too_many_activities`' })
  async create(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: createActivitySchema }) body: CreateActivity,
  ): Promise<ActivityAnswer> {
    return toActivityAnswer(await this.activities.createActivity(principal.userId, toNewActivity(body)));
  }

  @Get()
  @ApiOperation({ summary: 'List all activities, the newest first' })
  @ApiOkResponse({ standardSchema: activityPageSchema })
  async list(@Query({ schema: pageQuerySchema }) { cursor, limit }: PageQuery): Promise<ActivityPage> {
    const before = cursor === undefined ? undefined : decodeCursor(cursor, idPosition)[0];
    const rows = await this.repository.list(before, limit + 1);
    return toPage(rows, limit, toActivityAnswer, ({ id }) => [id]);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Cancel an activity',
    description: 'Nobody is rewarded. Doing it again changes nothing.',
  })
  @ApiOkResponse({ standardSchema: activitySchema })
  @ApiNotFoundResponse({ description: '`activity_not_found`' })
  @ApiConflictResponse({ description: '`activity_over`: its rewards are being worked out, or were paid' })
  async cancel(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: idParamsSchema }) { id }: IdParams,
  ): Promise<ActivityAnswer> {
    return toActivityAnswer(await this.activities.cancelActivity(principal.userId, id));
  }

  @Get(':id/payouts')
  @ApiOperation({ summary: 'List who gets what for an activity' })
  @ApiOkResponse({ standardSchema: payoutPageSchema })
  @ApiNotFoundResponse({ description: '`activity_not_found`' })
  async listPayouts(
    @Param({ schema: idParamsSchema }) { id }: IdParams,
    @Query({ schema: pageQuerySchema }) { cursor, limit }: PageQuery,
  ): Promise<PayoutPage> {
    await this.activities.findActivity(id);
    const after = cursor === undefined ? '' : decodeCursor(cursor, idPosition)[0];
    const rows = await this.payouts.list(id, after, limit + 1);
    return toPage(rows, limit, toPayoutAnswer, ({ userId }) => [userId]);
  }
}

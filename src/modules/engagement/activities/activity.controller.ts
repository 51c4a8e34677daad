import { Controller, Get, Param, Put, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiConflictResponse,
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
  pageQuerySchema,
  timePosition,
  toPage,
  type IdParams,
  type PageQuery,
} from '../page.dto.js';
import {
  activitySchema,
  leaderboardSchema,
  openActivityPageSchema,
  standingPosition,
  standingSchema,
  toActivityAnswer,
  toStandingAnswer,
} from './activity.dto.js';
import type { ActivityAnswer, ActivityPage, LeaderboardPage, StandingAnswer } from './activity.dto.js';
import { ActivityRepository } from './activity.repository.js';
import { ActivityService } from './activity.service.js';
import { ParticipantRepository } from './participant.repository.js';

/** For users. */
@ApiTags('Activities')
@ApiBearerAuth()
@Controller('api/activities')
@RequireScope('engagement')
export class ActivityController {
  constructor(
    private readonly activities: ActivityService,
    private readonly repository: ActivityRepository,
    private readonly participants: ParticipantRepository,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List the activities that have not ended' })
  @ApiOkResponse({ standardSchema: openActivityPageSchema })
  async list(@Query({ schema: pageQuerySchema }) { cursor, limit }: PageQuery): Promise<ActivityPage> {
    const position = cursor === undefined ? undefined : decodeCursor(cursor, timePosition);
    const after = position && { endsAt: new Date(position[0]), id: position[1] };
    const rows = await this.repository.listOpen(after, limit + 1);
    return toPage(rows, limit, toActivityAnswer, ({ endsAt, id }) => [endsAt.toISOString(), id]);
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read an activity' })
  @ApiOkResponse({ standardSchema: activitySchema })
  @ApiNotFoundResponse({ description: '`activity_not_found`' })
  async read(@Param({ schema: idParamsSchema }) { id }: IdParams): Promise<ActivityAnswer> {
    return toActivityAnswer(await this.activities.findActivity(id));
  }

  @Put(':id/participation')
  @ApiOperation({
    summary: 'Take part in an activity',
    description: 'Also before its start. What you earned or spent before joining does not count.',
  })
  @ApiOkResponse({ standardSchema: standingSchema })
  @ApiNotFoundResponse({ description: '`activity_not_found`' })
  @ApiConflictResponse({ description: '`activity_over`' })
  async join(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: idParamsSchema }) { id }: IdParams,
  ): Promise<StandingAnswer> {
    return toStandingAnswer(await this.activities.join(id, principal.userId));
  }

  @Get(':id/standing')
  @ApiOperation({ summary: 'Read how you stand in an activity' })
  @ApiOkResponse({ standardSchema: standingSchema })
  @ApiNotFoundResponse({ description: '`activity_not_found`, `not_participating`' })
  async readStanding(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: idParamsSchema }) { id }: IdParams,
  ): Promise<StandingAnswer> {
    return toStandingAnswer(await this.activities.standingOf(id, principal.userId));
  }

  @Get(':id/leaderboard')
  @ApiOperation({ summary: 'List the participants of an activity by points' })
  @ApiOkResponse({ standardSchema: leaderboardSchema })
  @ApiNotFoundResponse({ description: '`activity_not_found`' })
  async readLeaderboard(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: idParamsSchema }) { id }: IdParams,
    @Query({ schema: pageQuerySchema }) { cursor, limit }: PageQuery,
  ): Promise<LeaderboardPage> {
    await this.activities.findActivity(id);
    const position = cursor === undefined ? undefined : decodeCursor(cursor, standingPosition);
    const after = position && { points: position[0], seatId: position[1] };
    const firstPlace = (position?.[2] ?? 0) + 1;
    const found = await this.participants.listByPoints(id, after, limit + 1);
    const rows = found.map((participant, index) => ({ ...participant, place: firstPlace + index }));
    return toPage(
      rows,
      limit,
      ({ place, points, userId }) => ({ place, points, is_you: userId === principal.userId }),
      ({ place, points, seatId }) => [points, seatId, place],
    );
  }
}

import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, RequireScope } from '../../platform/http/index.js';
import {
  readStatisticsCursor,
  type StatisticsPageAnswer,
  statisticsPageSchema,
  type StatisticsQuery,
  statisticsQuerySchema,
  toStatisticsAnswer,
  toStatisticsPageAnswer,
  type UserStatisticsAnswer,
  userStatisticsSchema,
} from './dto/user-statistics.dto.js';
import { UserStatisticsRepository } from './user-statistics.repository.js';

/** For users, about themselves. */
@ApiTags('Your account')
@ApiBearerAuth()
@Controller('api/account/statistics')
export class StatisticsController {
  constructor(private readonly statistics: UserStatisticsRepository) {}

  @Get()
  @RequireScope('account')
  @ApiOperation({ summary: 'Read what you did, in numbers', description: 'Computed every ten minutes.' })
  @ApiOkResponse({ standardSchema: userStatisticsSchema })
  async read(@CurrentPrincipal() { userId }: Principal): Promise<UserStatisticsAnswer> {
    return toStatisticsAnswer(userId, (await this.statistics.find([userId])).get(userId));
  }
}

/** For operators, about everybody. */
@ApiTags('Users')
@ApiBearerAuth()
@Controller('api/admin/statistics')
export class StatisticsOperationsController {
  constructor(private readonly statistics: UserStatisticsRepository) {}

  @Get('users')
  @RequireScope('operations')
  @ApiOperation({
    summary: 'List what users did, in numbers',
    description: 'The latest active first. Users without any activity are not listed.',
  })
  @ApiOkResponse({ standardSchema: statisticsPageSchema })
  async list(
    @Query({ schema: statisticsQuerySchema }) { cursor, limit }: StatisticsQuery,
  ): Promise<StatisticsPageAnswer> {
    const statistics = await this.statistics.list(readStatisticsCursor(cursor), limit + 1);
    return toStatisticsPageAnswer(statistics, limit);
  }
}

import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../../../platform/http/index.js';
import {
  type LockWaitsAnswer,
  lockWaitsSchema,
  type SlowQueriesAnswer,
  type SlowQueriesQuery,
  slowQueriesQuerySchema,
  slowQueriesSchema,
  toDigestAnswer,
  toLockWaitAnswer,
  toRunningAnswer,
} from '../dto/database-activity.dto.js';
import { DatabaseActivity } from './database-activity.service.js';

const ABOUT_MISSING =
  'Asked on a connection of its own, so it answers while all others are busy. What the server does not tell is named ' +
  'in `missing`, with the remedy.';

/** What the database is busy with. It works while Redis is away. */
@ApiTags('Operations')
@ApiBearerAuth()
@Controller('api/admin/database')
@RequireScope('operations')
export class DatabaseActivityController {
  constructor(private readonly activity: DatabaseActivity) {}

  @Get('slow-queries')
  @ApiOperation({
    summary: 'See which statements take long: now, and in all',
    description: ABOUT_MISSING,
  })
  @ApiOkResponse({ standardSchema: slowQueriesSchema })
  async slowQueries(
    @Query({ schema: slowQueriesQuerySchema }) { min_ms: minMs }: SlowQueriesQuery,
  ): Promise<SlowQueriesAnswer> {
    const { found, missing } = await this.activity.slowStatements(minMs);
    return {
      items: found.running.map(toRunningAnswer),
      next_cursor: null,
      digests: found.digests.map(toDigestAnswer),
      missing: [...missing],
    };
  }

  @Get('lock-waits')
  @ApiOperation({ summary: 'See who waits for whose locks', description: ABOUT_MISSING })
  @ApiOkResponse({ standardSchema: lockWaitsSchema })
  async lockWaits(): Promise<LockWaitsAnswer> {
    const { found, missing } = await this.activity.lockWaits();
    return { items: found.map(toLockWaitAnswer), next_cursor: null, missing: [...missing] };
  }
}

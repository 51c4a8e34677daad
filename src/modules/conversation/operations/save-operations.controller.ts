import { Body, Controller, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import {
  CurrentPrincipal,
  decodeCursor,
  encodeCursor,
  type Principal,
  RequireScope,
} from '../../../platform/http/index.js';
import {
  parkedListQuerySchema,
  parkedListSchema,
  parkedParamsSchema,
  retriedSchema,
  saveOverviewSchema,
  saveSettingsSchema,
  skippedSchema,
  skipTurnSchema,
} from './save-operations.dto.js';
import type {
  ParkedListQuery,
  ParkedParams,
  SaveOverview,
  SaveSettings,
  SkipTurn,
} from './save-operations.dto.js';
import { SaveOperations } from './save-operations.service.js';

const position = z.tuple([z.iso.datetime(), z.uuid()]);

@ApiTags('Operations')
@ApiBearerAuth()
@Controller('api/admin')
@RequireScope('operations')
export class SaveOperationsController {
  constructor(private readonly saves: SaveOperations) {}

  @Get('saves')
  @ApiOperation({ summary: 'See what waits to be saved, who saves, and what is parked' })
  @ApiOkResponse({ standardSchema: saveOverviewSchema })
  overview(): Promise<SaveOverview> {
    return this.saves.overview();
  }

  @Put('saves')
  @ApiOperation({
    summary: 'Set how many shards a worker process saves at once',
    description:
      'The workers take it over within two seconds. More or fewer workers: `pm2 scale lockkeeper-worker n`.',
  })
  @ApiOkResponse({ standardSchema: saveOverviewSchema })
  async change(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: saveSettingsSchema }) settings: SaveSettings,
  ): Promise<SaveOverview> {
    await this.saves.setShardsAtOnce(principal.userId, settings.shards_at_once);
    return this.saves.overview();
  }

  @Get('parked-conversations')
  @ApiOperation({
    summary: 'List the conversations whose oldest unsaved turn cannot be saved, the longest parked first',
  })
  @ApiOkResponse({ standardSchema: parkedListSchema })
  async list(
    @Query({ schema: parkedListQuerySchema }) query: ParkedListQuery,
  ): Promise<z.infer<typeof parkedListSchema>> {
    const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, position);
    const rows = await this.saves.listParked(
      query.limit + 1,
      after && { parkedAt: new Date(after[0]), id: after[1] },
    );
    const page = rows.slice(0, query.limit);
    const last = page.at(-1);
    return {
      items: page.map((row) => ({
        ...row,
        parked_at: row.parked_at.toISOString(),
        waiting_turns: Number(row.waiting_turns),
      })),
      next_cursor:
        rows.length > page.length && last
          ? encodeCursor([last.parked_at.toISOString(), last.conversation_id])
          : null,
    };
  }

  @Post('parked-conversations/:id/retry')
  @HttpCode(200)
  @ApiOperation({ summary: 'Save the turns of a parked conversation again, once the cause is mended' })
  @ApiOkResponse({ standardSchema: retriedSchema })
  @ApiNotFoundResponse({ description: '`conversation_not_parked`' })
  async retry(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: parkedParamsSchema }) { id }: ParkedParams,
  ): Promise<z.infer<typeof retriedSchema>> {
    await this.saves.retry(principal.userId, id);
    return { conversation_id: id };
  }

  @Post('parked-conversations/:id/skip')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Give up the turn that cannot be saved, and save the later ones',
    description: 'The turn is not lost: it stays in the table `waiting_turns`, with the reason.',
  })
  @ApiOkResponse({ standardSchema: skippedSchema })
  @ApiNotFoundResponse({ description: '`conversation_not_parked`' })
  async skip(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: parkedParamsSchema }) { id }: ParkedParams,
    @Body({ schema: skipTurnSchema }) { reason }: SkipTurn,
  ): Promise<z.infer<typeof skippedSchema>> {
    return { conversation_id: id, skipped_turn_id: await this.saves.skip(principal.userId, id, reason) };
  }
}

import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import { z } from 'zod';
import type { ConfigOf } from '../../platform/config/index.js';
import {
  CurrentPrincipal,
  decodeCursor,
  encodeCursor,
  type Principal,
  RequireScope,
} from '../../platform/http/index.js';
import { LogAccounting } from './accounting/log-accounting.service.js';
import {
  accountingSchema,
  discardedSchema,
  discardSchema,
  quarantineListQuerySchema,
  quarantineListSchema,
  quarantineParamsSchema,
  replayedSchema,
} from './dto/log-operations.dto.js';
import type {
  AccountingAnswer,
  Discard,
  QuarantineListQuery,
  QuarantineParams,
} from './dto/log-operations.dto.js';
import { logsConfig } from './logs.config.js';
import { QuarantineOperations } from './quarantine/quarantine-operations.service.js';

const position = z.tuple([z.uuid()]);

@ApiTags('Operations')
@ApiBearerAuth()
@Controller('api/logs')
@RequireScope('operations')
export class LogOperationsController {
  constructor(
    private readonly accounting: LogAccounting,
    private readonly quarantine: QuarantineOperations,
    @Inject(logsConfig.token) private readonly config: ConfigOf<typeof logsConfig>,
  ) {}

  @Get('accounting')
  @ApiOperation({ summary: 'See whether every accepted log line is stored, in quarantine or waiting' })
  @ApiOkResponse({ standardSchema: accountingSchema })
  @ApiServiceUnavailableResponse({ description: '`log_queue_unavailable`' })
  async account(): Promise<AccountingAnswer> {
    const report = await this.accounting.report();
    return {
      is_closed: report.isClosed,
      accepted_lines: report.acceptedLines,
      stored_lines: report.storedLines,
      quarantined_lines: report.quarantinedLines,
      discarded_lines: report.discardedLines,
      pending_lines: report.pendingLines,
      difference_lines: report.differenceLines,
      dropped_lines: report.droppedLines,
      missing_entries: report.missingEntries,
      backlog: {
        entries: report.backlogEntries,
        bytes: report.backlogBytes,
        limit_bytes: this.config.backlogBytes,
        lag_seconds: report.lagMs / 1000,
      },
    };
  }

  @Get('quarantine')
  @ApiOperation({ summary: 'List the logs that could not be stored, the oldest first' })
  @ApiOkResponse({ standardSchema: quarantineListSchema })
  async list(
    @Query({ schema: quarantineListQuerySchema }) query: QuarantineListQuery,
  ): Promise<z.infer<typeof quarantineListSchema>> {
    const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, position)[0];
    const items = await this.quarantine.list(query.limit + 1, after);
    const page = items.slice(0, query.limit);
    const last = page.at(-1);
    return {
      items: page.map((item) => ({
        id: item.id,
        receipt_id: item.entryId,
        kind: item.kind,
        line_count: item.lineCount,
        content: item.content,
        error: item.error,
        created_at: item.createdAt.toISOString(),
      })),
      next_cursor: items.length > page.length && last ? encodeCursor([last.id]) : null,
    };
  }

  @Post('quarantine/:id/replay')
  @HttpCode(200)
  @ApiOperation({ summary: 'Store quarantined logs after all, once the cause is mended' })
  @ApiOkResponse({ standardSchema: replayedSchema })
  @ApiNotFoundResponse({ description: '`quarantined_log_not_found`' })
  @ApiConflictResponse({ description: '`quarantined_log_refused`: its `detail` says why' })
  async replay(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: quarantineParamsSchema }) { id }: QuarantineParams,
  ): Promise<z.infer<typeof replayedSchema>> {
    return { id, stored_lines: await this.quarantine.replay(principal.userId, id) };
  }

  @Post('quarantine/:id/discard')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Give quarantined logs up',
    description: 'They stay in the table `log_quarantine`, with the reason, until the retention is over.',
  })
  @ApiOkResponse({ standardSchema: discardedSchema })
  @ApiNotFoundResponse({ description: '`quarantined_log_not_found`' })
  async discard(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: quarantineParamsSchema }) { id }: QuarantineParams,
    @Body({ schema: discardSchema }) { reason }: Discard,
  ): Promise<z.infer<typeof discardedSchema>> {
    await this.quarantine.discard(principal.userId, id, reason);
    return { id };
  }
}

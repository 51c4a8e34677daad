import { Controller, Get, Inject, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags, ApiTooManyRequestsResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { ConfigOf } from '../../../../platform/config/index.js';
import { begun, exportStream, RequireScope } from '../../../../platform/http/index.js';
import type { LinePlace, LogFilter, TimeWindow } from '../domain/log-filter.js';
import { Slots } from '../domain/slots.js';
import {
  filterOf,
  type LogExportRequest,
  logExportQuerySchema,
  toStoredLine,
  toWindow,
} from '../dto/log-query.dto.js';
import { logQueryConfig } from '../log-query.config.js';
import { tooManyLogExports } from '../log-query.errors.js';
import { LogQuery } from '../log-query.service.js';

const LINES_A_PAGE = 1_000;
/** A reader who takes nothing for so long is given up. */
const READER_PATIENCE_MS = 120_000;
const RETRY_AFTER_SECONDS = 10;

const EXAMPLE =
  '{"id":"0197c5a2-9a10-7c22-9b4d-63a2f7e8d901","device_id":"sensor-17","log_level":"ERROR","message":"Connection ' +
  'timeout","log_data":{"tries":3},"created_at":"2027-01-31T11:59:58.123Z","trace_id":null,"span_id":null}\n';

@ApiTags('Logs')
@Controller('api/logs/export')
export class LogExportController {
  private readonly slots: Slots;

  constructor(
    private readonly query: LogQuery,
    @Inject(logQueryConfig.token) config: ConfigOf<typeof logQueryConfig>,
  ) {
    this.slots = new Slots(config.concurrentExports);
  }

  @Get()
  @RequireScope('logs:read')
  @ApiOperation({
    summary: 'Take lines along',
    description:
      'All lines that `GET /api/logs` would list on all its pages, one JSON object a line, the newest first. It is made ' +
      'while it is read, of any size. If something fails in the middle the connection is cut: what ends with an error ' +
      'is not the whole. The headers `X-Log-From` and `X-Log-To` tell the window.',
  })
  @ApiOkResponse({ content: { 'application/x-ndjson': { schema: { type: 'string' }, example: EXAMPLE } } })
  @ApiTooManyRequestsResponse({ description: '`too_many_log_exports`, with `Retry-After`' })
  async exportLines(
    @Query({ schema: logExportQuerySchema }) request: LogExportRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const filter = filterOf(request);
    const window = this.query.windowOf(filter, { fromMs: request.from, toMs: request.to });
    const free = this.slots.tryTake();
    if (!free) throw tooManyLogExports({ retryAfterSeconds: RETRY_AFTER_SECONDS });
    try {
      const texts = await begun(this.pages(filter, window));
      const stream = exportStream(texts, READER_PATIENCE_MS).once('close', free);
      const { from, to } = toWindow(window);
      reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
      reply.header('x-log-from', from).header('x-log-to', to);
      const name = `logs-${from.slice(0, 10)}-${to.slice(0, 10)}.ndjson`;
      return new StreamableFile(stream, {
        type: 'application/x-ndjson',
        disposition: `attachment; filename="${name}"`,
      });
    } catch (error) {
      free();
      throw error;
    }
  }

  /** Page by page, the next one when the last has been taken. */
  private async *pages(filter: LogFilter, window: TimeWindow): AsyncGenerator<string> {
    let before: LinePlace | undefined;
    do {
      const { lines, next } = await this.query.list(filter, window, before, LINES_A_PAGE);
      yield lines.map((line) => `${JSON.stringify(toStoredLine(line))}\n`).join('');
      before = next ?? undefined;
    } while (before);
  }
}

import { Controller, Get, Header, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { decodeCursor, encodeCursor, RequireScope } from '../../../platform/http/index.js';
import { DevicePages } from './cache/device-pages.js';
import { LogStats } from './cache/log-stats.service.js';
import {
  type DeviceLine,
  type DevicePageDto,
  type DevicePageParams,
  devicePageParamsSchema,
  type DevicePageQuery,
  devicePageQuerySchema,
  devicePageSchema,
  type LogStatsDto,
  logStatsSchema,
} from './dto/device-page.dto.js';
import {
  filterOf,
  logCursorSchema,
  type LogPageDto,
  logPageSchema,
  type LogQueryRequest,
  logQuerySchema,
  toStoredLine,
  toWindow,
} from './dto/log-query.dto.js';
import { LogQuery } from './log-query.service.js';

/** Reads what is stored. */
@ApiTags('Logs')
@Controller('api')
export class LogQueryController {
  constructor(
    private readonly query: LogQuery,
    private readonly pages: DevicePages,
    private readonly stats: LogStats,
  ) {}

  @Get('logs')
  @RequireScope('logs:read')
  @ApiOperation({
    summary: 'Search the log',
    description:
      'Lines that fit all that is given, the newest first. Without `from` the last 24 hours are looked at ' +
      '(`LOCKKEEPER_LOGS_DEFAULT_WINDOW_HOURS`); the answer tells the window. `q` or `path` without `device_id` or ' +
      '`trace_id` want a window of a week at the most (`LOCKKEEPER_LOGS_SEARCH_WINDOW_HOURS`), else 422 ' +
      '`log_window_too_wide`. A query that takes more than five seconds (`LOCKKEEPER_LOGS_QUERY_TIMEOUT_MS`) is ended ' +
      'with 503 `query_too_slow`.',
  })
  @ApiOkResponse({ standardSchema: logPageSchema })
  async search(@Query({ schema: logQuerySchema }) request: LogQueryRequest): Promise<LogPageDto> {
    const filter = filterOf(request);
    const cursor = request.cursor === undefined ? undefined : decodeCursor(request.cursor, logCursorSchema);
    const [fromMs, toMs, createdAtMs, id] = cursor ?? [];
    const window = this.query.windowOf(filter, {
      fromMs: request.from ?? fromMs,
      toMs: request.to ?? toMs,
    });
    const before = createdAtMs === undefined || id === undefined ? undefined : { createdAtMs, id };
    const { lines, next } = await this.query.list(filter, window, before, request.limit);
    return {
      items: lines.map(toStoredLine),
      next_cursor: next && encodeCursor([window.fromMs, window.toMs, next.createdAtMs, next.id]),
      ...toWindow(window),
    };
  }

  @Get('logs/:device_id')
  @Header('Content-Type', 'application/json; charset=utf-8')
  @RequireScope('logs:read')
  @ApiOperation({
    summary: 'Read the newest lines of a device',
    description:
      'Kept in a cache for up to 300 seconds, but never longer than until the next line of the device is stored. ' +
      'A device whose name is a path of its own here (`tail`, `export`, …) is read with `GET /api/logs?device_id=`.',
  })
  @ApiOkResponse({ standardSchema: devicePageSchema })
  async readDevice(
    @Param({ schema: devicePageParamsSchema }) { device_id: deviceId }: DevicePageParams,
    @Query({ schema: devicePageQuerySchema }) { limit }: DevicePageQuery,
  ): Promise<string> {
    const { text, source } = await this.pages.read(deviceId, limit, async () => {
      const data = (await this.query.listDevice(deviceId, limit)).map(toDeviceLine);
      return JSON.stringify({ total: data.length, data } satisfies Omit<DevicePageDto, 'source'>);
    });
    // The page is text in the cache; to read it only to write it again would be most of what an answer costs.
    return `{"source":"${source}",${text.slice(1)}`;
  }

  @Get('stats')
  @RequireScope('logs:read')
  @ApiOperation({
    summary: 'Read how much is stored',
    description: 'Kept in a cache for 60 seconds.',
  })
  @ApiOkResponse({ standardSchema: logStatsSchema })
  readStats(): Promise<LogStatsDto> {
    return this.stats.read();
  }
}

function toDeviceLine(line: Parameters<typeof toStoredLine>[0]): DeviceLine {
  const { id, device_id, log_level, message, log_data, created_at } = toStoredLine(line);
  return { id, device_id, log_level, message, log_data, created_at };
}

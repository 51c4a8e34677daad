import { Controller, HttpCode, HttpStatus, Post, Query, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { unsupportedMediaType } from '../../../../platform/errors/index.js';
import { BulkBody, HttpRoute, RequireScope, UnreadBody } from '../../../../platform/http/index.js';
import { LineFault } from '../../domain/line-fault.js';
import type { LogLine } from '../../domain/log-line.js';
import { type LineContext, readSeedLine } from '../../domain/seed-line.js';
import {
  type AckQuery,
  ackQuerySchema,
  batchReceivedSchema,
  type BatchReceived,
  seedBatchBody,
  seedLineBody,
  singleReceivedSchema,
  type SingleReceived,
} from '../intake.dto.js';
import { logLinesInvalid } from '../intake.errors.js';
import { parseJsonBody } from '../json-body.js';
import { LogCaller } from '../log-caller.js';
import { isStillQueued, LogReception } from '../log-reception.service.js';

const MAX_BATCH_LINES = 1000;
const MAX_FAULTS_SHOWN = 20;

/** Lockkeeper's own way to send logs: a line, or up to a thousand of them. */
@ApiTags('Logs')
@ApiBearerAuth()
@Controller('api')
@RequireScope('logs:write')
export class SeedIntakeController {
  constructor(private readonly reception: LogReception) {}

  @Post('log')
  @HttpCode(HttpStatus.OK)
  @HttpRoute({ hasBulkBody: true, isFrequent: true })
  @ApiOperation({ summary: 'Send one log line' })
  @ApiBody(seedLineBody)
  @ApiOkResponse({ standardSchema: singleReceivedSchema })
  @ApiUnprocessableEntityResponse({ description: '`log_lines_invalid`; `details.errors` names the field' })
  async receiveOne(
    @BulkBody() body: UnreadBody,
    @Query({ schema: ackQuerySchema }) { ack }: AckQuery,
    @LogCaller() caller: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SingleReceived> {
    const { value, context } = await this.readBody(body);
    const line = readSeedLine(value, 0, context);
    if (line instanceof LineFault) throw refusal([line], '');
    const receipt = await this.reception.takeSingle(line, { source: 'seed', ack, caller });
    if (isStillQueued(ack, receipt)) void reply.status(HttpStatus.ACCEPTED);
    return {
      status: 'received',
      message_id: line.id,
      received_at: receipt.receivedAt.toISOString(),
      receipt_id: receipt.receiptId,
      fate: receipt.fate,
    };
  }

  @Post('logs/batch')
  @HttpCode(HttpStatus.OK)
  @HttpRoute({ hasBulkBody: true, isFrequent: true })
  @ApiOperation({ summary: 'Send up to 1000 log lines', description: 'One bad line refuses all of them.' })
  @ApiBody(seedBatchBody)
  @ApiOkResponse({ standardSchema: batchReceivedSchema })
  @ApiUnprocessableEntityResponse({
    description: '`log_lines_invalid`; `details.errors` names the index and field of the first 20 bad lines',
  })
  async receiveBatch(
    @BulkBody() body: UnreadBody,
    @Query({ schema: ackQuerySchema }) { ack }: AckQuery,
    @LogCaller() caller: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BatchReceived> {
    const { value, context } = await this.readBody(body);
    const lines = readBatch(value, context);
    const receipt = await this.reception.take({ lines, faults: [] }, { source: 'seed', ack, caller });
    if (!receipt) throw refusal([new LineFault(0, '', 'is missing')], 'logs');
    if (isStillQueued(ack, receipt)) void reply.status(HttpStatus.ACCEPTED);
    return {
      status: 'received',
      count: lines.length,
      message_ids: lines.map((line) => line.id),
      received_at: receipt.receivedAt.toISOString(),
      receipt_id: receipt.receiptId,
      fate: receipt.fate,
    };
  }

  private async readBody(body: UnreadBody): Promise<{ value: unknown; context: LineContext }> {
    if (body.mediaType !== 'application/json')
      throw unsupportedMediaType({ detail: 'Send application/json.' });
    const bytes = await body.read();
    return { value: parseJsonBody(bytes), context: this.reception.context(bytes.length) };
  }
}

/** @throws log_lines_invalid that names each bad line, if there is one. */
function readBatch(value: unknown, context: LineContext): LogLine[] {
  const items = (value as { logs?: unknown } | null)?.logs;
  if (!Array.isArray(items)) throw logLinesInvalid({ param: 'logs', detail: 'logs: must be a list' });
  if (items.length === 0 || items.length > MAX_BATCH_LINES) {
    throw logLinesInvalid({
      param: 'logs',
      detail: `logs: must have 1 to ${MAX_BATCH_LINES} lines, and has ${items.length}`,
    });
  }
  const lines: LogLine[] = [];
  const faults: LineFault[] = [];
  for (let index = 0; index < items.length; index++) {
    const line = readSeedLine(items[index], index, context);
    if (line instanceof LineFault) faults.push(line);
    else lines.push(line);
  }
  if (faults.length > 0) throw refusal(faults, 'logs');
  return lines;
}

/** Names the bad lines; `list` is the field they are in, if they are in one. */
function refusal(faults: readonly LineFault[], list: string) {
  const errors = faults.slice(0, MAX_FAULTS_SHOWN).map(({ index, field, message }) => ({
    ...(list === '' ? {} : { index }),
    path: [...(list === '' ? [] : [list, String(index)]), ...(field === '' ? [] : [field])].join('.'),
    message,
  }));
  const [first] = errors;
  return logLinesInvalid({
    detail: first && `${first.path === '' ? 'The body' : first.path}: ${first.message}`,
    param: first?.path || undefined,
    details: { errors, error_count: faults.length, ...(list === '' ? {} : { indexes: indexesOf(faults) }) },
  });
}

/** Of all bad lines: there are at most a thousand. */
function indexesOf(faults: readonly LineFault[]): number[] {
  return faults.map(({ index }) => index);
}

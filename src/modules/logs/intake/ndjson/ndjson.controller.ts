import { Controller, Headers, HttpCode, HttpStatus, Post, Query, Res } from '@nestjs/common';
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
import {
  BulkBody,
  HttpRoute,
  readIdempotencyKey,
  RequireScope,
  UnreadBody,
} from '../../../../platform/http/index.js';
import type { LineFault } from '../../domain/line-fault.js';
import { type AckQuery, ackQuerySchema, ndjsonReceivedSchema, type NdjsonReceived } from '../intake.dto.js';
import { logLinesInvalid } from '../intake.errors.js';
import { LogCaller } from '../log-caller.js';
import { bodyKey, isStillQueued, LogReception } from '../log-reception.service.js';
import { decodeNdjson } from './ndjson-body.js';

const MEDIA_TYPES = new Set([
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
  'application/json',
  'application/octet-stream',
  'text/plain',
]);
const MAX_ERRORS_SHOWN = 20;

/** Files and streams of JSON, one object a line. */
@ApiTags('Logs')
@ApiBearerAuth()
@Controller('api/logs/ndjson')
@RequireScope('logs:write')
export class NdjsonController {
  constructor(private readonly reception: LogReception) {}

  @Post()
  @HttpCode(HttpStatus.OK)
  @HttpRoute({ hasBulkBody: true, isFrequent: true })
  @ApiOperation({
    summary: 'Send logs as lines of JSON',
    description:
      'Each line has the fields of `POST /api/log`, or those of pino. Lines that cannot be read are reported, the ' +
      'others are taken in. With the header `Idempotency-Key` it may be repeated within ten minutes.',
  })
  @ApiBody({ schema: { type: 'string', example: '{"level":30,"time":1763776860000,"msg":"hello"}\n' } })
  @ApiOkResponse({ standardSchema: ndjsonReceivedSchema })
  @ApiUnprocessableEntityResponse({ description: '`log_lines_invalid`: not one line could be taken in' })
  async receive(
    @BulkBody() body: UnreadBody,
    @Query({ schema: ackQuerySchema }) { ack }: AckQuery,
    @LogCaller() caller: string,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<NdjsonReceived> {
    if (!MEDIA_TYPES.has(body.mediaType)) {
      throw unsupportedMediaType({ detail: 'Send application/x-ndjson.' });
    }
    const dedupKey =
      idempotencyKey === undefined
        ? undefined
        : bodyKey('ndjson', caller, Buffer.from(readIdempotencyKey(idempotencyKey)));
    const bytes = await body.read();
    const { lines, faults } = decodeNdjson(bytes, this.reception.context(bytes.length));
    const receipt = await this.reception.take({ lines, faults }, { source: 'ndjson', ack, caller, dedupKey });
    const errors = faults.slice(0, MAX_ERRORS_SHOWN).map(shown);
    if (!receipt) throw refusal(errors, faults.length);
    if (isStillQueued(ack, receipt)) void reply.status(HttpStatus.ACCEPTED);
    return {
      status: faults.length === 0 ? 'received' : 'partial',
      accepted: lines.length,
      rejected: faults.length,
      errors,
      received_at: receipt.receivedAt.toISOString(),
      receipt_id: receipt.receiptId,
      fate: receipt.fate,
    };
  }
}

function shown(fault: LineFault): { line: number; message: string } {
  return { line: fault.index + 1, message: fault.toString() };
}

function refusal(errors: { line: number; message: string }[], rejected: number) {
  const [first] = errors;
  return logLinesInvalid({
    detail: first ? `Line ${first.line} ${first.message}` : 'The body has no lines.',
    details: { accepted: 0, rejected, errors },
  });
}

import { Controller, Headers, HttpCode, HttpStatus, Logger, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AppError, malformedRequest } from '../../../../platform/errors/index.js';
import { BulkBody, HttpRoute, RequireScope, UnreadBody } from '../../../../platform/http/index.js';
import { cutTo } from '../../domain/line-fields.js';
import { decodeLokiJson, LokiShapeError } from '../../domain/loki-json.js';
import { lokiLines, type LokiStream } from '../../domain/loki-lines.js';
import { type AckQuery, ackQuerySchema } from '../intake.dto.js';
import { logLinesInvalid } from '../intake.errors.js';
import { parseJsonBody, reasonOf } from '../json-body.js';
import { LogCaller } from '../log-caller.js';
import { bodyKey, LogReception } from '../log-reception.service.js';
import { decodeLokiProtobuf } from './loki-protobuf.js';
import { unsnap } from './snappy-block.js';

const JSON_TYPE = 'application/json';
const SNAPPY = ['snappy'];
const MAX_TENANT_CHARACTERS = 150;

/** Loki's push API: what Loki's clients send logs by. */
@ApiTags('Logs')
@ApiBearerAuth()
@Controller('loki/api/v1/push')
@RequireScope('logs:write')
export class LokiController {
  private readonly logger = new Logger('Loki');

  constructor(private readonly reception: LogReception) {}

  @Post()
  @HttpCode(HttpStatus.NO_CONTENT)
  @HttpRoute({ hasBulkBody: true, isFrequent: true, errorShape: 'plain_text' })
  @ApiOperation({
    summary: 'Send logs as to Loki',
    description:
      'JSON, or protobuf compressed with snappy. The key may be the password of Basic authentication. ' +
      'An entry that is none is kept as it came if there are others.',
  })
  @ApiBody({ schema: { type: 'object', description: 'Streams of entries' } })
  @ApiNoContentResponse()
  async receive(
    @BulkBody() body: UnreadBody,
    @Query({ schema: ackQuerySchema }) { ack }: AckQuery,
    @LogCaller() caller: string,
    @Headers('x-scope-orgid') tenant: string | undefined,
  ): Promise<void> {
    const isJson = body.mediaType === JSON_TYPE;
    const bytes = await body.read(isJson ? [] : SNAPPY);
    const streams = isJson ? decodeJson(bytes) : await decodeProtobuf(bytes, body.limitBytes);
    const shownTenant = tenant === undefined ? undefined : cutTo(MAX_TENANT_CHARACTERS, tenant);
    const decoded = lokiLines(streams, shownTenant, this.reception.context(bytes.length));
    const [firstFault] = decoded.faults;
    if (firstFault && decoded.lines.length === 0) throw logLinesInvalid({ detail: firstFault.toString() });
    if (firstFault) {
      this.logger.warn('entries that are none were kept as they came', {
        count: decoded.faults.length,
        first: firstFault.toString(),
      });
    }
    const { lines, areAllTimed } = decoded;
    // As in Loki, an entry with the time and text of one before is the same entry.
    const dedupKey = areAllTimed ? bodyKey('loki', `${caller}\n${shownTenant ?? ''}`, bytes) : undefined;
    await this.reception.take({ lines, faults: [] }, { source: 'loki', ack, caller, dedupKey });
  }
}

function decodeJson(bytes: Buffer): LokiStream[] {
  const value = parseJsonBody(bytes);
  try {
    return decodeLokiJson(value);
  } catch (cause) {
    if (cause instanceof LokiShapeError) throw malformedRequest({ detail: cause.message, cause });
    throw cause;
  }
}

async function decodeProtobuf(bytes: Buffer, limitBytes: number): Promise<LokiStream[]> {
  const message = await unsnap(bytes, limitBytes);
  try {
    return decodeLokiProtobuf(message);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw malformedRequest({ detail: `The body is not a PushRequest of Loki: ${reasonOf(cause)}`, cause });
  }
}

import { Controller, HttpCode, HttpStatus, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { PbfWriter } from 'pbf';
import { malformedRequest, unsupportedMediaType } from '../../../../platform/errors/index.js';
import { BulkBody, HttpRoute, RequireScope, UnreadBody } from '../../../../platform/http/index.js';
import type { LineFault } from '../../domain/line-fault.js';
import { decodeOtlpJson, OtlpShapeError } from '../../domain/otlp-json.js';
import { otlpLines } from '../../domain/otlp-lines.js';
import type { OtlpResourceLogs } from '../../domain/otlp-record.js';
import { type AckQuery, ackQuerySchema, type OtlpResponse, otlpResponseSchema } from '../intake.dto.js';
import { parseJsonBody, reasonOf } from '../json-body.js';
import { LogCaller } from '../log-caller.js';
import { bodyKey, LogReception } from '../log-reception.service.js';
import { decodeOtlpProtobuf } from './otlp-protobuf.js';

const JSON_TYPE = 'application/json';
const PROTOBUF_TYPE = 'application/x-protobuf';

/** OTLP/HTTP: what the SDKs and the Collector of OpenTelemetry send logs by. */
@ApiTags('Logs')
@ApiBearerAuth()
@Controller('v1/logs')
@RequireScope('logs:write')
export class OtlpController {
  constructor(private readonly reception: LogReception) {}

  @Post()
  @HttpCode(HttpStatus.OK)
  @HttpRoute({ hasBulkBody: true, isFrequent: true, errorShape: 'otlp' })
  @ApiOperation({
    summary: 'Send logs as OTLP',
    description: 'An ExportLogsServiceRequest as JSON or protobuf, by the content type, answered alike.',
  })
  @ApiBody({ schema: { type: 'object', description: 'An ExportLogsServiceRequest' } })
  @ApiOkResponse({ standardSchema: otlpResponseSchema })
  async receive(
    @BulkBody() body: UnreadBody,
    @Query({ schema: ackQuerySchema }) { ack }: AckQuery,
    @LogCaller() caller: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OtlpResponse | Buffer> {
    const { mediaType } = body;
    const decode = decoderOf(mediaType);
    const bytes = await body.read();
    const decoded = otlpLines(decode(bytes), this.reception.context(bytes.length));
    await this.reception.take(decoded, {
      source: 'otlp',
      ack,
      caller,
      // Two bodies with the same times and the same content are the same logs, sent again.
      dedupKey: decoded.areAllTimed ? bodyKey('otlp', caller, bytes) : undefined,
    });
    void reply.header('content-type', mediaType);
    return mediaType === PROTOBUF_TYPE ? protobufResponse(decoded.faults) : jsonResponse(decoded.faults);
  }
}

function decoderOf(mediaType: string): (bytes: Buffer) => OtlpResourceLogs[] {
  if (mediaType === JSON_TYPE) return decodeJson;
  if (mediaType === PROTOBUF_TYPE) return decodeProtobuf;
  throw unsupportedMediaType({ detail: `Send ${JSON_TYPE} or ${PROTOBUF_TYPE}.` });
}

function decodeJson(bytes: Buffer): OtlpResourceLogs[] {
  const value = parseJsonBody(bytes);
  try {
    return decodeOtlpJson(value);
  } catch (cause) {
    if (cause instanceof OtlpShapeError) throw malformedRequest({ detail: cause.message, cause });
    throw cause;
  }
}

function decodeProtobuf(bytes: Buffer): OtlpResourceLogs[] {
  try {
    return decodeOtlpProtobuf(bytes);
  } catch (cause) {
    // Ours, or one of the reader's plain errors: with no code of others below, all of them mean the same.
    throw malformedRequest({
      detail: `The body is not an ExportLogsServiceRequest: ${reasonOf(cause)}`,
      cause,
    });
  }
}

/** What is said of records that were not taken in. */
function summaryOf(faults: readonly LineFault[]): string {
  const [first] = faults;
  return first ? `Of the records rejected, the first is number ${first.index}: ${first.toString()}.` : '';
}

function jsonResponse(faults: readonly LineFault[]): OtlpResponse {
  if (faults.length === 0) return {};
  return { partialSuccess: { rejectedLogRecords: String(faults.length), errorMessage: summaryOf(faults) } };
}

function protobufResponse(faults: readonly LineFault[]): Buffer {
  const writer = new PbfWriter();
  if (faults.length > 0) {
    writer.writeMessage(
      1,
      (_: undefined, partialSuccess: PbfWriter) => {
        partialSuccess.writeVarintField(1, faults.length);
        partialSuccess.writeStringField(2, summaryOf(faults));
      },
      undefined,
    );
  }
  return Buffer.from(writer.finish());
}

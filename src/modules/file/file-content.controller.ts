import { Readable } from 'node:stream';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentPrincipal, type Principal, RequireScope } from '../../platform/http/index.js';
import { type ByteRange, readByteRange } from './domain/byte-range.js';
import type { StoredFile } from './domain/file.js';
import { attachmentNamed } from './domain/content-disposition.js';
import { type FileParams, fileParamsSchema } from './dto/file.dto.js';
import { fileRangeNotSatisfiable } from './file.errors.js';
import { FileService } from './file.service.js';

const OK = 200;
const PARTIAL = 206;
const NOT_MODIFIED = 304;
/** A reader who takes nothing for this long is given up. */
const READER_PATIENCE_MS = 60_000;

/** The bytes of files, as they were uploaded. No browser shows them as a page of ours. */
@ApiTags('Files')
@ApiBearerAuth()
@Controller('api/files')
@RequireScope('files')
export class FileContentController {
  constructor(private readonly files: FileService) {}

  @Get(':id/content')
  @ApiOperation({
    summary: 'Download a file',
    description: 'All of it, or the one range that is asked for; 304 if `If-None-Match` names what there is.',
  })
  @ApiHeader({ name: 'Range', required: false, schema: { type: 'string' }, example: 'bytes=0-1023' })
  @ApiHeader({ name: 'If-Range', required: false, schema: { type: 'string' } })
  @ApiHeader({ name: 'If-None-Match', required: false, schema: { type: 'string' } })
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({ description: 'The bytes.', schema: { type: 'string', format: 'binary' } })
  @ApiResponse({
    status: 206,
    description: 'A part of them, as `Content-Range` says.',
    schema: { type: 'string', format: 'binary' },
  })
  @ApiResponse({ status: 416, description: '`file_range_not_satisfiable`' })
  @ApiNotFoundResponse({ description: '`file_not_found`' })
  async read(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: fileParamsSchema }) { id }: FileParams,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const file = await this.files.find(userId, id);
    const etag = `"${file.sha256}"`;
    reply.headers({ etag, 'accept-ranges': 'bytes', 'cache-control': 'private, no-cache' });
    if (matches(request.headers['if-none-match'], etag)) {
      await reply.status(NOT_MODIFIED).send();
      return;
    }
    const range = rangeOf(request, reply, file, etag);
    const bytes = await this.bytesOf(file, range, request.method === 'HEAD');
    reply.raw.setTimeout(READER_PATIENCE_MS, () => reply.raw.destroy());
    reply.raw.once('close', () => bytes.destroy());
    await reply
      .status(range ? PARTIAL : OK)
      .headers({
        'content-type': file.mediaType,
        'content-length': range ? range.end - range.start + 1 : file.sizeBytes,
        'content-disposition': attachmentNamed(file.name),
        'content-security-policy': "sandbox; default-src 'none'",
        ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${file.sizeBytes}` }),
      })
      .send(bytes);
  }

  private async bytesOf(file: StoredFile, range: ByteRange | undefined, isHead: boolean): Promise<Readable> {
    return isHead ? Readable.from([]) : this.files.open(file.id, range);
  }
}

/** @throws file_range_not_satisfiable, with the header that says how long the file is */
function rangeOf(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  { sizeBytes }: StoredFile,
  etag: string,
): ByteRange | undefined {
  const condition = headers['if-range'];
  if (condition !== undefined && condition !== etag) return undefined;
  const range = readByteRange(headers.range, sizeBytes);
  if (range !== 'unsatisfiable') return range;
  reply.header('content-range', `bytes */${sizeBytes}`);
  throw fileRangeNotSatisfiable({ details: { size_bytes: sizeBytes } });
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}

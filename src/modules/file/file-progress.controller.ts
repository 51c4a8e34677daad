import { setTimeout as delay } from 'node:timers/promises';
import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import {
  CurrentPrincipal,
  Drain,
  EventStream,
  type Principal,
  RequireScope,
} from '../../platform/http/index.js';
import { isSettled } from './domain/file.js';
import { type FileParams, fileParamsSchema, fileProgressSchema } from './dto/file.dto.js';
import { fileNotFound } from './file.errors.js';
import { FileService } from './file.service.js';
import { FileProgress } from './progress/file-progress.service.js';
import type { FileProgressDocument } from './progress/progress-document.js';

const POLL_INTERVAL_MS = 500;

/** How far files are. */
@ApiTags('Files')
@ApiBearerAuth()
@Controller('api/files')
@RequireScope('files')
export class FileProgressController {
  constructor(
    private readonly files: FileService,
    private readonly progress: FileProgress,
    private readonly drain: Drain,
  ) {}

  @Get(':id/progress')
  @ApiOperation({ summary: 'Read how far a file is', description: 'Also one that is still coming in.' })
  @ApiOkResponse({ standardSchema: fileProgressSchema })
  @ApiNotFoundResponse({ description: '`file_not_found`' })
  read(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: fileParamsSchema }) { id }: FileParams,
  ): Promise<FileProgressDocument> {
    return this.progressOf(userId, id);
  }

  @Get(':id/progress/stream')
  @ApiOperation({
    summary: 'Follow how far a file is',
    description:
      'Server-sent events `progress`, each with the whole of what the route without `/stream` answers: one at once, and ' +
      'one for each change. It ends when the file is `completed` or `failed`; with an event `gone` if it is deleted.',
  })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  @ApiNotFoundResponse({ description: '`file_not_found`' })
  async follow(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: fileParamsSchema }) { id }: FileParams,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    let document = await this.progressOf(userId, id);
    const stream = new EventStream(reply);
    try {
      for (let sent = ''; !stream.gone.aborted && !this.drain.isStopping;) {
        const text = JSON.stringify(document);
        if (text !== sent) await stream.send(text, { event: 'progress' });
        sent = text;
        if (isSettled(document.status)) break;
        await delay(POLL_INTERVAL_MS, undefined, { signal: stream.gone }).catch(() => undefined);
        document = await this.progressOf(userId, id);
      }
    } catch (error) {
      // Of anything else the client asks again, and is told then.
      if (fileNotFound.is(error)) await stream.send({ file_id: id }, { event: 'gone' });
    } finally {
      stream.end();
    }
  }

  private async progressOf(userId: string, id: string): Promise<FileProgressDocument> {
    return this.progress.read(await this.files.findComing(userId, id));
  }
}

import { Controller, Get, Param, Query, Res, StreamableFile } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiTooManyRequestsResponse,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import {
  begun,
  CurrentPrincipal,
  exportStream,
  type Principal,
  RequireScope,
} from '../../../platform/http/index.js';
import { Clock } from '../../../shared/clock.js';
import { type ConversationParams, conversationParamsSchema } from '../dto/conversation.dto.js';
import {
  EXPORT_CONTENT,
  EXPORT_DESCRIPTION,
  type ExportQuery,
  exportQuerySchema,
} from '../dto/conversation-export.dto.js';
import { type ExportFormatName, type ExportPart, formatsByName } from './export-formats.js';
import { ExportService } from './export.service.js';
import { ExportSlots } from './export-slots.js';

/** A reader who takes nothing for so long is given up. */
const READER_PATIENCE_MS = 120_000;

@ApiTags('Conversations')
@Controller('api/conversations')
export class ExportController {
  constructor(
    private readonly exports: ExportService,
    private readonly slots: ExportSlots,
    private readonly clock: Clock,
  ) {}

  @Get('export')
  @RequireScope('conversations:read')
  @ApiOperation({ summary: 'Take all your conversations along', description: EXPORT_DESCRIPTION })
  @ApiOkResponse(EXPORT_CONTENT)
  @ApiTooManyRequestsResponse({ description: '`too_many_exports`, with `Retry-After`' })
  async exportAll(
    @CurrentPrincipal() principal: Principal,
    @Query({ schema: exportQuerySchema }) { format }: ExportQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const day = new Date(this.clock.nowMs()).toISOString().slice(0, 10);
    const parts = () => Promise.resolve(this.exports.exportAll(principal.userId));
    return this.answer(principal.userId, format, `conversations-${day}`, parts, reply);
  }

  @Get(':id/export')
  @RequireScope('conversations:read')
  @ApiOperation({ summary: 'Take one conversation along', description: EXPORT_DESCRIPTION })
  @ApiOkResponse(EXPORT_CONTENT)
  @ApiConflictResponse({ description: '`conversation_changed`: it was deleted just now' })
  @ApiTooManyRequestsResponse({ description: '`too_many_exports`, with `Retry-After`' })
  async exportOne(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: conversationParamsSchema }) { id }: ConversationParams,
    @Query({ schema: exportQuerySchema }) { format }: ExportQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const parts = () => this.exports.exportConversation(principal.userId, id);
    return this.answer(principal.userId, format, `conversation-${id}`, parts, reply);
  }

  private async answer(
    userId: string,
    formatName: ExportFormatName,
    name: string,
    openParts: () => Promise<AsyncIterable<ExportPart>>,
    reply: FastifyReply,
  ): Promise<StreamableFile> {
    const format = formatsByName[formatName];
    const stream = await this.slots.use(userId, async () => {
      const parts = await begun(await openParts());
      return exportStream(format.write(parts, new Date(this.clock.nowMs())), READER_PATIENCE_MS);
    });
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
    return new StreamableFile(stream, {
      type: format.contentType,
      disposition: `attachment; filename="${name}.${format.extension}"`,
    });
  }
}

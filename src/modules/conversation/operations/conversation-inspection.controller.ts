import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import {
  CurrentPrincipal,
  decodeCursor,
  encodeCursor,
  type Principal,
  RequireScope,
} from '../../../platform/http/index.js';
import type { ConversationRow } from '../conversation.repository.js';
import { type ConversationParams, conversationParamsSchema } from '../dto/conversation.dto.js';
import { readMessagePage } from '../reading/message-page.js';
import { MessageReader } from '../reading/message-reader.service.js';
import {
  type Inspection,
  type InspectionList,
  type InspectionListQuery,
  inspectionListQuerySchema,
  inspectionListSchema,
  type InspectionQuery,
  inspectionQuerySchema,
  inspectionSchema,
  toInspected,
} from './conversation-inspection.dto.js';
import { ConversationInspection, type InspectionPosition } from './conversation-inspection.service.js';

const ownedPosition = z.tuple([z.iso.datetime(), z.uuid()]);
const madePosition = z.tuple([z.uuid()]);

/** The conversations of all users, for operators. */
@ApiTags('Operations')
@ApiBearerAuth()
@Controller('api/admin/conversations')
@RequireScope('operations')
export class ConversationInspectionController {
  constructor(
    private readonly inspection: ConversationInspection,
    private readonly reader: MessageReader,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Find conversations: of a user, by an id, or all',
    description:
      'Without titles, which are made of what users say. Of a user (`GET /api/admin/users` finds the id) the latest ' +
      'active first; of all, in no order of time.',
  })
  @ApiOkResponse({ standardSchema: inspectionListSchema })
  async list(
    @Query({ schema: inspectionListQuerySchema }) { user_id: userId, q, limit, cursor }: InspectionListQuery,
  ): Promise<InspectionList> {
    if (q !== undefined) {
      const found = await this.inspection.find(q);
      const items = found.filter((row) => userId === undefined || row.owner_id === userId).map(toInspected);
      return { items, next_cursor: null };
    }
    const position = cursor === undefined ? undefined : positionOf(cursor, userId !== undefined);
    const rows = await this.inspection.list(userId, limit + 1, position);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(toInspected),
      next_cursor: rows.length > page.length && last ? cursorOf(last, userId !== undefined) : null,
    };
  }

  @Get(':id')
  @ApiOperation({
    summary: 'Read a conversation of a user',
    description:
      'Needs a `reason`: that you read it, and why, is in the audit log before you see it, once for each page.',
  })
  @ApiOkResponse({ standardSchema: inspectionSchema })
  @ApiNotFoundResponse({ description: '`conversation_not_found`, `branch_not_found`' })
  async read(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: conversationParamsSchema }) { id }: ConversationParams,
    @Query({ schema: inspectionQuerySchema }) { reason, ...query }: InspectionQuery,
  ): Promise<Inspection> {
    const conversation = await this.inspection.open(principal.userId, id, reason);
    const { items, ...cursors } = await readMessagePage(this.reader, id, query);
    return { ...toInspected(conversation), title: conversation.title, messages: items, ...cursors };
  }
}

function positionOf(cursor: string, isOfUser: boolean): InspectionPosition {
  if (!isOfUser) return { id: decodeCursor(cursor, madePosition)[0] };
  const [lastActivityAt, id] = decodeCursor(cursor, ownedPosition);
  return { lastActivityAt: new Date(lastActivityAt), id };
}

function cursorOf(row: ConversationRow, isOfUser: boolean): string {
  return encodeCursor(isOfUser ? [row.last_activity_at.toISOString(), row.id] : [row.id]);
}

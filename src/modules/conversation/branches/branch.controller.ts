import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { z } from 'zod';
import {
  CurrentPrincipal,
  decodeCursor,
  encodeCursor,
  type Principal,
  RequireScope,
} from '../../../platform/http/index.js';
import { BranchService, type BranchState } from './branch.service.js';
import type { ConversationRow } from '../conversation.repository.js';
import { ConversationService } from '../conversation.service.js';
import {
  activateBranchSchema,
  branchListQuerySchema,
  branchListSchema,
  branchSchema,
} from '../dto/branch.dto.js';
import type { ActivateBranch, BranchDto, BranchListQuery } from '../dto/branch.dto.js';
import { conversationParamsSchema } from '../dto/conversation.dto.js';
import type { ConversationParams } from '../dto/conversation.dto.js';

const listPosition = z.tuple([z.int().min(0)]);

@ApiTags('Conversations')
@Controller('api/conversations/:id')
export class BranchController {
  constructor(
    private readonly conversations: ConversationService,
    private readonly branches: BranchService,
  ) {}

  @Get('branches')
  @RequireScope('conversations:read')
  @ApiOperation({
    summary: 'List the branches of a conversation',
    description:
      'An edited message and a new answer are branches beside what was there before. Branch 0 is the first.',
  })
  @ApiOkResponse({ standardSchema: branchListSchema })
  @ApiNotFoundResponse({ description: '`conversation_not_found`' })
  async list(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: conversationParamsSchema }) { id }: ConversationParams,
    @Query({ schema: branchListQuerySchema }) query: BranchListQuery,
  ): Promise<z.infer<typeof branchListSchema>> {
    const conversation = await this.conversations.getConversation(principal.userId, id);
    const [from] = query.cursor === undefined ? [0] : decodeCursor(query.cursor, listPosition);
    const found = await this.branches.listBranches(id, from, query.limit + 1);
    const next = found[query.limit];
    return {
      items: found.slice(0, query.limit).map((branch) => toDto(branch, conversation)),
      next_cursor: next ? encodeCursor([next.branch]) : null,
    };
  }

  @Put('active-branch')
  @RequireScope('conversations:write')
  @ApiOperation({
    summary: 'Switch a conversation to another branch',
    description:
      'Its messages are read, and the next turn is taken, in the active branch. Name the branch, or a message: of ' +
      'the branches through it, the one in which something was said last.',
  })
  @ApiOkResponse({ standardSchema: branchSchema })
  @ApiNotFoundResponse({ description: '`conversation_not_found`, `branch_not_found`, `message_not_found`' })
  @ApiConflictResponse({
    description: '`turn_in_progress`: a turn is running or not saved yet; try again in a moment',
  })
  async activate(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: conversationParamsSchema }) { id }: ConversationParams,
    @Body({ schema: activateBranchSchema }) body: ActivateBranch,
  ): Promise<BranchDto> {
    const conversation = await this.conversations.getConversation(principal.userId, id);
    const target = 'branch' in body ? { branch: body.branch } : { messageId: body.message_id };
    return toDto(await this.branches.activateBranch(principal.userId, id, target), conversation);
  }
}

function toDto(branch: BranchState, conversation: ConversationRow): BranchDto {
  return { ...branch, created_at: branch.created_at ?? conversation.created_at.toISOString() };
}

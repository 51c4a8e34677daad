import { Body, Controller, Get, Put, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { CurrentPrincipal, decodeCursor, type Principal, RequireScope } from '../../platform/http/index.js';
import { AgentPresence } from './agent-presence.js';
import { type AgentState, SupportAgentService } from './agent.service.js';
import { SupportChatService } from './chat.service.js';
import {
  type AgentDto,
  agentSchema,
  type ChatListQuery,
  chatListQuerySchema,
  chatListSchema,
  type SetDuty,
  setDutySchema,
} from './dto/support.dto.js';
import { listPosition, toChatPage } from './support-chat.controller.js';

/** For agents, about themselves. */
@ApiTags('Support')
@Controller('api/support/agent')
@RequireScope('support:answer')
export class SupportAgentController {
  constructor(
    private readonly agents: SupportAgentService,
    private readonly chats: SupportChatService,
    private readonly presence: AgentPresence,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Read whether you are on duty, and how many chats you have',
    description:
      'Also a sign of life: an agent who is not heard of for LOCKKEEPER_SUPPORT_AGENT_AWAY_MS gets no new chats. A ' +
      'connection to `/support` is one all the time.',
  })
  @ApiOkResponse({ standardSchema: agentSchema })
  async read(@CurrentPrincipal() { userId }: Principal): Promise<AgentDto> {
    await this.presence.note(userId);
    return toAgentDto(await this.agents.getAgent(userId));
  }

  @Put()
  @ApiOperation({
    summary: 'Go on or off duty',
    description:
      'On duty you are given chats up to your capacity. Off duty you get no new ones; those you have stay.',
  })
  @ApiOkResponse({ standardSchema: agentSchema })
  async setDuty(
    @CurrentPrincipal() { userId }: Principal,
    @Body({ schema: setDutySchema }) body: SetDuty,
  ): Promise<AgentDto> {
    return toAgentDto(await this.agents.setDuty(userId, body.is_on_duty, body.capacity));
  }

  @Get('chats')
  @ApiOperation({ summary: 'List the chats that you have or had, the newest first' })
  @ApiOkResponse({ standardSchema: chatListSchema })
  async list(
    @CurrentPrincipal() { userId }: Principal,
    @Query({ schema: chatListQuerySchema }) query: ChatListQuery,
  ): Promise<z.infer<typeof chatListSchema>> {
    await this.presence.note(userId);
    const before = query.cursor === undefined ? undefined : decodeCursor(query.cursor, listPosition)[0];
    const selection = { agentId: userId, state: query.state, before, limit: query.limit + 1 };
    return toChatPage(await this.chats.listChats(selection), query.limit);
  }
}

export function toAgentDto(agent: AgentState): AgentDto {
  return {
    user_id: agent.user_id,
    is_on_duty: agent.is_on_duty === 1,
    can_be_reached: agent.canBeReached,
    capacity: agent.capacity,
    active_chats: agent.active_chats,
    seen_at: agent.seen_at.toISOString(),
    last_assigned_at: agent.last_assigned_at?.toISOString() ?? null,
  };
}

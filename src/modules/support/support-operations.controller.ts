import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import type { ConfigOf } from '../../platform/config/index.js';
import { decodeCursor, encodeCursor, RequireScope } from '../../platform/http/index.js';
import { idSchema } from '../../shared/ids.js';
import { SupportAgentService } from './agent.service.js';
import { ChatQueue } from './chat-queue.js';
import { ChatRepository } from './chat.repository.js';
import {
  type AgentListQuery,
  agentListQuerySchema,
  agentListSchema,
  chatListSchema,
  type OperatorChatListQuery,
  operatorChatListQuerySchema,
  queueOverviewSchema,
} from './dto/support.dto.js';
import { toAgentDto } from './support-agent.controller.js';
import { listPosition, toChatPage } from './support-chat.controller.js';
import { supportConfig } from './support.config.js';

const agentPosition = z.tuple([idSchema]);

/** What operators see. Chats are transferred, read and ended by the routes that their sides use. */
@ApiTags('Support')
@Controller('api/admin/support')
@RequireScope('operations')
export class SupportOperationsController {
  constructor(
    private readonly chats: ChatRepository,
    private readonly agents: SupportAgentService,
    private readonly queue: ChatQueue,
    @Inject(supportConfig.token) private readonly config: ConfigOf<typeof supportConfig>,
  ) {}

  @Get('chats')
  @ApiOperation({ summary: 'List chats of all users, the newest first' })
  @ApiOkResponse({ standardSchema: chatListSchema })
  async listChats(
    @Query({ schema: operatorChatListQuerySchema }) query: OperatorChatListQuery,
  ): Promise<z.infer<typeof chatListSchema>> {
    const rows = await this.chats.list({
      userId: query.user_id,
      agentId: query.agent_id,
      state: query.state,
      before: query.cursor === undefined ? undefined : decodeCursor(query.cursor, listPosition)[0],
      limit: query.limit + 1,
    });
    return toChatPage(rows, query.limit);
  }

  @Get('queue')
  @ApiOperation({ summary: 'See how many wait, for how long, and what is there to answer them' })
  @ApiOkResponse({ standardSchema: queueOverviewSchema })
  async overview(): Promise<z.infer<typeof queueOverviewSchema>> {
    const [waiting, [oldest], recent] = await Promise.all([
      this.chats.countWaiting(),
      this.chats.nextWaiting('0', 1),
      this.queue.recentHandling(),
    ]);
    const { meanHandlingMs, capacity } = recent;
    return {
      waiting,
      limit: this.config.queueLimit,
      oldest_opened_at: oldest?.opened_at.toISOString() ?? null,
      capacity_on_duty: capacity,
      mean_handling_seconds: meanHandlingMs === undefined ? null : meanHandlingMs / 1000,
    };
  }

  @Get('agents')
  @ApiOperation({ summary: 'List agents with their load' })
  @ApiOkResponse({ standardSchema: agentListSchema })
  async listAgents(
    @Query({ schema: agentListQuerySchema }) query: AgentListQuery,
  ): Promise<z.infer<typeof agentListSchema>> {
    const [after] = query.cursor === undefined ? [] : decodeCursor(query.cursor, agentPosition);
    const agents = await this.agents.listAgents(query.limit + 1, after);
    const page = agents.slice(0, query.limit);
    const last = page.at(-1);
    return {
      items: page.map(toAgentDto),
      next_cursor: agents.length > page.length && last ? encodeCursor([last.user_id]) : null,
    };
  }
}

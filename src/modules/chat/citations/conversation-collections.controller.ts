import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { CurrentPrincipal, type Principal, RequireScope } from '../../../platform/http/index.js';
import { idSchema } from '../../../shared/ids.js';
import { ConversationService } from '../../conversation/index.js';
import { TurnKnowledge } from './turn-knowledge.service.js';

const EXAMPLE_ID = '0197c5a2-8f00-7b11-8a3c-52f1e6d7c890';
const MAX_COLLECTIONS = 20;

const paramsSchema = z.object({ id: idSchema.meta({ examples: [EXAMPLE_ID] }) });
type Params = z.infer<typeof paramsSchema>;
const bodySchema = z
  .strictObject({
    collection_ids: z
      .array(idSchema)
      .max(MAX_COLLECTIONS)
      .meta({ description: 'Up to 20 of your collections; none: turns are answered without documents.' }),
  })
  .meta({ examples: [{ collection_ids: [EXAMPLE_ID] }] });
type CollectionsBody = z.infer<typeof bodySchema>;
const answerSchema = z
  .object({ collection_ids: z.array(z.uuid()) })
  .meta({ examples: [{ collection_ids: [EXAMPLE_ID] }] });

/** From which documents the turns of a conversation are answered. */
@ApiTags('Conversations')
@ApiBearerAuth()
@ApiNotFoundResponse({ description: '`conversation_not_found`, `collection_not_found`' })
@Controller('api/conversations/:id/collections')
export class ConversationCollectionsController {
  constructor(
    private readonly conversations: ConversationService,
    private readonly knowledge: TurnKnowledge,
  ) {}

  @Get()
  @RequireScope('conversations:read')
  @ApiOperation({ summary: 'Read from which collections a conversation is answered' })
  @ApiOkResponse({ standardSchema: answerSchema })
  async read(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: paramsSchema }) { id }: Params,
  ): Promise<CollectionsBody> {
    await this.conversations.getConversation(userId, id);
    return { collection_ids: await this.knowledge.collectionsOf(userId, id) };
  }

  @Put()
  @RequireScope('conversations:write')
  @ApiOperation({
    summary: 'Have a conversation answered from collections',
    description:
      'From its next turn on. Passages that fit a question are given to the model, and cited with the answer.',
  })
  @ApiOkResponse({ standardSchema: answerSchema })
  async replace(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: paramsSchema }) { id }: Params,
    @Body({ schema: bodySchema }) { collection_ids }: CollectionsBody,
  ): Promise<CollectionsBody> {
    await this.conversations.getConversation(userId, id);
    await this.knowledge.setCollections(userId, id, collection_ids);
    return { collection_ids: await this.knowledge.collectionsOf(userId, id) };
  }
}

import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiForbiddenResponse,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiPaymentRequiredResponse,
  ApiTags,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import {
  CurrentPrincipal,
  type Principal,
  readIdempotencyKey,
  RequireScope,
} from '../../platform/http/index.js';
import type { Errand } from './domain/errand.js';
import {
  deliverySchema,
  disputeSchema,
  errandDetailSchema,
  errandPageSchema,
  errandParamsSchema,
  openErrandsQuerySchema,
  ownErrandsQuerySchema,
  postErrandSchema,
  readCoins,
  readErrandCursor,
  readReward,
  toErrandDetailAnswer,
  toErrandPageAnswer,
} from './dto/errand.dto.js';
import type {
  Delivery,
  Dispute,
  ErrandDetailAnswer,
  ErrandPageAnswer,
  ErrandParams,
  OpenErrandsQuery,
  OwnErrandsQuery,
  PostErrand,
} from './dto/errand.dto.js';
import { ErrandPosting } from './errand-posting.service.js';
import { ErrandRepository } from './errand.repository.js';
import { ErrandService } from './errand.service.js';

const OTHER_STATE = '`errand_in_other_state`, with `details.state`';

/** Errands, for the users who post and do them. */
@ApiTags('Marketplace')
@ApiBearerAuth()
@Controller('api/marketplace/tasks')
@RequireScope('marketplace')
export class ErrandController {
  constructor(
    private readonly posting: ErrandPosting,
    private readonly errands: ErrandService,
    private readonly repository: ErrandRepository,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Post a task',
    description:
      'The reward is held from your account until the task ends. Sent again with the same key and content it acts once ' +
      'and answers how the task stands; after a refusal nothing is posted, and the key can be used again.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: true,
    description: 'Made by you for this task: up to 255 printable ASCII characters, bare or quoted.',
    schema: { type: 'string', maxLength: 255 },
    example: 'essay-2027-01-17',
  })
  @ApiCreatedResponse({ standardSchema: errandDetailSchema })
  @ApiBadRequestResponse({ description: '`idempotency_key_missing`' })
  @ApiPaymentRequiredResponse({ description: '`insufficient_coins`, `account_in_debt`' })
  @ApiForbiddenResponse({ description: '`account_blocked`, `scope_missing`' })
  @ApiConflictResponse({ description: '`errand_limit_reached`, with `details.limit`' })
  @ApiUnprocessableEntityResponse({ description: '`invalid_request`, `idempotency_key_reused`' })
  async post(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: postErrandSchema }) body: PostErrand,
    @Headers('idempotency-key') header?: string,
  ): Promise<ErrandDetailAnswer> {
    const key = readIdempotencyKey(header);
    const request = {
      title: body.title.toWellFormed(),
      description: body.description.toWellFormed(),
      reward: readReward(body.reward),
      deadlineAt: new Date(body.deadline_at),
    };
    return this.answer(principal, await this.posting.postErrand(principal.userId, request, key));
  }

  @Get()
  @ApiOperation({
    summary: 'List open tasks',
    description:
      'The newest first. One page looks through 2,000 tasks, so with a filter it may have few or none and a `next_cursor`.',
  })
  @ApiOkResponse({ standardSchema: errandPageSchema })
  async listOpen(
    @Query({ schema: openErrandsQuerySchema }) query: OpenErrandsQuery,
  ): Promise<ErrandPageAnswer> {
    const page = await this.repository.listOpen({
      minReward: query.min_reward === undefined ? undefined : readCoins(query.min_reward, 'min_reward'),
      deadlineBefore: query.deadline_before === undefined ? undefined : new Date(query.deadline_before),
      beforeId: readErrandCursor(query.cursor),
      limit: query.limit,
    });
    return toErrandPageAnswer(page);
  }

  @Get('mine')
  @ApiOperation({ summary: 'List the tasks that you posted or accepted', description: 'The newest first.' })
  @ApiOkResponse({ standardSchema: errandPageSchema })
  async listOwn(
    @CurrentPrincipal() { userId }: Principal,
    @Query({ schema: ownErrandsQuerySchema }) { party, state, cursor, limit }: OwnErrandsQuery,
  ): Promise<ErrandPageAnswer> {
    const beforeId = readErrandCursor(cursor);
    return toErrandPageAnswer(await this.repository.listOf(userId, party, state, beforeId, limit));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read an open task, or one that you take part in' })
  @ApiOkResponse({ standardSchema: errandDetailSchema })
  @ApiNotFoundResponse({ description: '`errand_not_found`' })
  async read(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: errandParamsSchema }) { id }: ErrandParams,
  ): Promise<ErrandDetailAnswer> {
    return this.answer(principal, await this.errands.getErrand(principal.userId, id));
  }

  @Post(':id/accept')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Accept an open task, as an expert',
    description: 'One of those who accept it at the same time gets it.',
  })
  @ApiOkResponse({ standardSchema: errandDetailSchema })
  @ApiForbiddenResponse({ description: '`expert_profile_missing`, `errand_is_own`, `scope_missing`' })
  @ApiNotFoundResponse({ description: '`errand_not_found`' })
  @ApiConflictResponse({ description: `${OTHER_STATE}; \`errand_overdue\`, \`errand_limit_reached\`` })
  async accept(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: errandParamsSchema }) { id }: ErrandParams,
  ): Promise<ErrandDetailAnswer> {
    return this.answer(principal, await this.errands.acceptErrand(principal.userId, id));
  }

  @Post(':id/deliver')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Deliver a task that you accepted',
    description: 'Its poster confirms or disputes it; without an answer it is confirmed after a while.',
  })
  @ApiOkResponse({ standardSchema: errandDetailSchema })
  @ApiNotFoundResponse({ description: '`errand_not_found`' })
  @ApiConflictResponse({ description: `${OTHER_STATE}; \`errand_overdue\`` })
  async deliver(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: errandParamsSchema }) { id }: ErrandParams,
    @Body({ schema: deliverySchema }) { delivery }: Delivery,
  ): Promise<ErrandDetailAnswer> {
    const errand = await this.errands.deliverErrand(principal.userId, id, delivery.toWellFormed());
    return this.answer(principal, errand);
  }

  @Post(':id/confirm')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Confirm what was delivered',
    description: 'The reward goes to the expert, once.',
  })
  @ApiOkResponse({ standardSchema: errandDetailSchema })
  @ApiNotFoundResponse({ description: '`errand_not_found`' })
  @ApiConflictResponse({ description: OTHER_STATE })
  async confirm(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: errandParamsSchema }) { id }: ErrandParams,
  ): Promise<ErrandDetailAnswer> {
    return this.answer(principal, await this.errands.confirmErrand(principal.userId, id));
  }

  @Post(':id/dispute')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Dispute what was delivered',
    description: 'The reward stays held until an operator decides who gets how much of it.',
  })
  @ApiOkResponse({ standardSchema: errandDetailSchema })
  @ApiNotFoundResponse({ description: '`errand_not_found`' })
  @ApiConflictResponse({ description: `${OTHER_STATE}; \`errand_overdue\`` })
  async dispute(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: errandParamsSchema }) { id }: ErrandParams,
    @Body({ schema: disputeSchema }) { reason }: Dispute,
  ): Promise<ErrandDetailAnswer> {
    const errand = await this.errands.disputeErrand(principal.userId, id, reason.toWellFormed());
    return this.answer(principal, errand);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Cancel a task that nobody has accepted',
    description: 'Its reward is given back.',
  })
  @ApiOkResponse({ standardSchema: errandDetailSchema })
  @ApiNotFoundResponse({ description: '`errand_not_found`' })
  @ApiConflictResponse({ description: OTHER_STATE })
  async cancel(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: errandParamsSchema }) { id }: ErrandParams,
  ): Promise<ErrandDetailAnswer> {
    return this.answer(principal, await this.errands.cancelErrand(principal.userId, id));
  }

  private async answer({ userId }: Principal, errand: Errand): Promise<ErrandDetailAnswer> {
    return toErrandDetailAnswer(errand, await this.errands.readDelivery(userId, errand));
  }
}

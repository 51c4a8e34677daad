import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, RequireScope } from '../../platform/http/index.js';
import {
  allErrandsQuerySchema,
  decisionSchema,
  errandDetailSchema,
  errandPageSchema,
  errandParamsSchema,
  readCoins,
  readErrandCursor,
  toErrandDetailAnswer,
  toErrandPageAnswer,
} from './dto/errand.dto.js';
import type {
  AllErrandsQuery,
  Decision,
  ErrandDetailAnswer,
  ErrandPageAnswer,
  ErrandParams,
} from './dto/errand.dto.js';
import { ErrandOperations } from './errand-operations.service.js';
import { ErrandRepository } from './errand.repository.js';

/** Everybody's errands, for operators. */
@ApiTags('Marketplace')
@ApiBearerAuth()
@Controller('api/admin/marketplace/tasks')
@RequireScope('operations')
export class ErrandOperationsController {
  constructor(
    private readonly operations: ErrandOperations,
    private readonly repository: ErrandRepository,
  ) {}

  @Get()
  @ApiOperation({
    summary: "List everybody's tasks in a state, the disputed ones if none is given",
    description: 'The newest first.',
  })
  @ApiOkResponse({ standardSchema: errandPageSchema })
  async list(
    @Query({ schema: allErrandsQuerySchema }) { state, cursor, limit }: AllErrandsQuery,
  ): Promise<ErrandPageAnswer> {
    return toErrandPageAnswer(await this.repository.listInState(state, readErrandCursor(cursor), limit));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read any task, with what was delivered' })
  @ApiOkResponse({ standardSchema: errandDetailSchema })
  @ApiNotFoundResponse({ description: '`errand_not_found`' })
  async read(@Param({ schema: errandParamsSchema }) { id }: ErrandParams): Promise<ErrandDetailAnswer> {
    const errand = await this.operations.getErrand(id);
    return toErrandDetailAnswer(errand, await this.operations.readDelivery(errand));
  }

  @Post(':id/decision')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Decide a dispute',
    description:
      'For the expert (all of the reward), for the poster (0), or a split: both get exactly what you say. It is audited, ' +
      'and cannot be changed; sent again with the same amount, it acts once.',
  })
  @ApiOkResponse({ standardSchema: errandDetailSchema })
  @ApiNotFoundResponse({ description: '`errand_not_found`' })
  @ApiConflictResponse({ description: '`errand_in_other_state`, with `details.state`' })
  @ApiUnprocessableEntityResponse({ description: '`invalid_request`, also if it is more than the reward' })
  async decide(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: errandParamsSchema }) { id }: ErrandParams,
    @Body({ schema: decisionSchema }) body: Decision,
  ): Promise<ErrandDetailAnswer> {
    const decision = { payment: readCoins(body.payment, 'payment'), note: body.note.toWellFormed() };
    const errand = await this.operations.decideDispute(userId, id, decision);
    return toErrandDetailAnswer(errand, await this.operations.readDelivery(errand));
  }
}

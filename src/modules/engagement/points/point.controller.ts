import {
  applyDecorators,
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiForbiddenResponse,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiPaymentRequiredResponse,
  ApiTags,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import { z } from 'zod';
import {
  CurrentPrincipal,
  decodeCursor,
  type Principal,
  readIdempotencyKey,
  RequireScope,
} from '../../../platform/http/index.js';
import { idSchema } from '../../../shared/ids.js';
import { UserService } from '../../auth/index.js';
import { EXAMPLE_ID, pageQuerySchema, timePosition, toPage, type PageQuery } from '../page.dto.js';
import {
  exchangePointsSchema,
  exchangeSchema,
  grantPointsSchema,
  lotPageSchema,
  lotSchema,
  pointBalanceSchema,
  pointEntryPageSchema,
  toExchangeAnswer,
  toLotAnswer,
  toPointEntryAnswer,
} from './point.dto.js';
import type {
  ExchangeAnswer,
  ExchangePoints,
  GrantPoints,
  LotAnswer,
  LotPage,
  PointBalance,
  PointEntryPage,
} from './point.dto.js';
import { PointRepository } from './point.repository.js';
import { PointService } from './point.service.js';

const sequencePosition = z.tuple([z.int().min(1)]);
const userParamsSchema = z.object({ user_id: idSchema.meta({ examples: [EXAMPLE_ID] }) });
type UserParams = z.infer<typeof userParamsSchema>;

/** Describes the key that names one operation for good. */
function ApiKey(example: string): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'Idempotency-Key',
      required: true,
      description: 'Made by you for this operation: up to 255 printable ASCII characters.',
      schema: { type: 'string', maxLength: 255 },
      example,
    }),
    ApiBadRequestResponse({ description: '`idempotency_key_missing`' }),
  );
}

/** For users. */
@ApiTags('Points')
@ApiBearerAuth()
@Controller('api/points')
@RequireScope('engagement')
export class PointController {
  constructor(
    private readonly points: PointService,
    private readonly repository: PointRepository,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Read how many points you have' })
  @ApiOkResponse({ standardSchema: pointBalanceSchema })
  read(@CurrentPrincipal() principal: Principal): Promise<PointBalance> {
    return this.repository.balanceOf(principal.userId);
  }

  @Get('lots')
  @ApiOperation({ summary: 'List your points by when they expire' })
  @ApiOkResponse({ standardSchema: lotPageSchema })
  async listLots(
    @CurrentPrincipal() principal: Principal,
    @Query({ schema: pageQuerySchema }) { cursor, limit }: PageQuery,
  ): Promise<LotPage> {
    const position = cursor === undefined ? undefined : decodeCursor(cursor, timePosition);
    const after = position && { expiresAt: new Date(position[0]), id: position[1] };
    const rows = await this.repository.listLots(principal.userId, after, limit + 1);
    return toPage(rows, limit, toLotAnswer, (lot) => [lot.expiresAt.toISOString(), lot.id]);
  }

  @Get('history')
  @ApiOperation({ summary: 'List what happened to your points, the newest first' })
  @ApiOkResponse({ standardSchema: pointEntryPageSchema })
  listHistory(
    @CurrentPrincipal() principal: Principal,
    @Query({ schema: pageQuerySchema }) query: PageQuery,
  ): Promise<PointEntryPage> {
    return historyPage(this.repository, principal.userId, query);
  }

  @Post('exchanges')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Exchange points for coins',
    description:
      'At the rate `LOCKKEEPER_COINS_PER_POINT`, from the points that expire first. The same key again gives the ' +
      'first answer and takes nothing more.',
  })
  @ApiKey('exchange-2027-0117')
  @ApiOkResponse({ standardSchema: exchangeSchema })
  @ApiPaymentRequiredResponse({ description: '`insufficient_points`; `details.available`' })
  @ApiForbiddenResponse({ description: '`exchange_closed`, `scope_missing`' })
  @ApiUnprocessableEntityResponse({ description: '`too_many_lots`, `idempotency_key_reused`' })
  async exchange(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: exchangePointsSchema }) body: ExchangePoints,
    @Headers('idempotency-key') header?: string,
  ): Promise<ExchangeAnswer> {
    const key = readIdempotencyKey(header);
    return toExchangeAnswer(await this.points.exchangePoints(principal.userId, key, body.points));
  }
}

/** For operators. */
@ApiTags('Points')
@ApiBearerAuth()
@Controller('api/admin/points/:user_id')
@RequireScope('operations')
@ApiNotFoundResponse({ description: '`user_not_found`' })
export class PointOperationsController {
  constructor(
    private readonly points: PointService,
    private readonly repository: PointRepository,
    private readonly users: UserService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Read how many points a user has' })
  @ApiOkResponse({ standardSchema: pointBalanceSchema })
  async read(@Param({ schema: userParamsSchema }) params: UserParams): Promise<PointBalance> {
    await this.users.findUser(params.user_id);
    return this.repository.balanceOf(params.user_id);
  }

  @Get('history')
  @ApiOperation({ summary: "List what happened to a user's points, the newest first" })
  @ApiOkResponse({ standardSchema: pointEntryPageSchema })
  async listHistory(
    @Param({ schema: userParamsSchema }) params: UserParams,
    @Query({ schema: pageQuerySchema }) query: PageQuery,
  ): Promise<PointEntryPage> {
    await this.users.findUser(params.user_id);
    return historyPage(this.repository, params.user_id, query);
  }

  @Post('grants')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Give points to a user',
    description: 'The same key again gives the first answer and no more points.',
  })
  @ApiKey('survey-2027-0117')
  @ApiOkResponse({ standardSchema: lotSchema })
  @ApiUnprocessableEntityResponse({ description: '`idempotency_key_reused`, `too_many_points`' })
  async grant(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: userParamsSchema }) params: UserParams,
    @Body({ schema: grantPointsSchema }) body: GrantPoints,
    @Headers('idempotency-key') header?: string,
  ): Promise<LotAnswer> {
    const key = readIdempotencyKey(header);
    const { id: userId } = await this.users.findUser(params.user_id);
    const { points, reason, valid_days: validDays } = body;
    const grant = { userId, points, validDays, reason };
    return toLotAnswer(await this.points.grantPoints(principal.userId, key, grant));
  }
}

async function historyPage(
  repository: PointRepository,
  userId: string,
  { cursor, limit }: PageQuery,
): Promise<PointEntryPage> {
  const before = cursor === undefined ? undefined : decodeCursor(cursor, sequencePosition)[0];
  const rows = await repository.listEntries(userId, before, limit + 1);
  return toPage(rows, limit, toPointEntryAnswer, (entry) => [entry.sequence]);
}

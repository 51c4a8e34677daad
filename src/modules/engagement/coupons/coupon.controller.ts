import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiTooManyRequestsResponse,
} from '@nestjs/swagger';
import {
  CurrentPrincipal,
  decodeCursor,
  type Principal,
  readIdempotencyKey,
  RequireScope,
} from '../../../platform/http/index.js';
import {
  idParamsSchema,
  idPosition,
  pageQuerySchema,
  timePosition,
  toPage,
  type IdParams,
  type PageQuery,
} from '../page.dto.js';
import {
  couponPageSchema,
  couponSchema,
  createCouponSchema,
  redeemSchema,
  redemptionPageSchema,
  redemptionSchema,
  toCouponAnswer,
  toCouponRequest,
  toRedemptionAnswer,
  toUserRedemptionAnswer,
  userRedemptionPageSchema,
} from './coupon.dto.js';
import type {
  CouponAnswer,
  CouponPage,
  CreateCoupon,
  Redeem,
  RedemptionAnswer,
  RedemptionPage,
  UserRedemptionPage,
} from './coupon.dto.js';
import { CouponRepository, type Redemption } from './coupon.repository.js';
import { CouponService } from './coupon.service.js';

/** For users. */
@ApiTags('Coupons')
@ApiBearerAuth()
@Controller('api/coupons/redemptions')
@RequireScope('engagement')
export class CouponController {
  constructor(
    private readonly coupons: CouponService,
    private readonly repository: CouponRepository,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Redeem a coupon',
    description:
      'Gives the coins of the coupon, once. Send an `Idempotency-Key` where a user may redeem a coupon several times: ' +
      'the same key gives the first answer again.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'Made by you for this redemption: up to 255 printable ASCII characters.',
    schema: { type: 'string', maxLength: 255 },
    example: 'redeem-2027-0117',
  })
  @ApiOkResponse({ standardSchema: redemptionSchema })
  @ApiNotFoundResponse({
    description: '`coupon_not_redeemable`: no such code, or disabled, over, or not yet good',
  })
  @ApiConflictResponse({ description: '`coupon_exhausted`, `coupon_already_redeemed`' })
  @ApiTooManyRequestsResponse({ description: '`too_many_code_attempts`, with `Retry-After`' })
  async redeem(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: redeemSchema }) body: Redeem,
    @Headers('idempotency-key') header?: string,
  ): Promise<RedemptionAnswer> {
    const key = header === undefined ? undefined : readIdempotencyKey(header);
    return toRedemptionAnswer(await this.coupons.redeem(principal.userId, body.code, key));
  }

  @Get()
  @ApiOperation({ summary: 'List what you redeemed, the newest first' })
  @ApiOkResponse({ standardSchema: redemptionPageSchema })
  async list(
    @CurrentPrincipal() principal: Principal,
    @Query({ schema: pageQuerySchema }) query: PageQuery,
  ): Promise<RedemptionPage> {
    const rows = await listRedemptions(this.repository, { userId: principal.userId }, query);
    return toPage(rows, query.limit, toRedemptionAnswer, positionOf);
  }
}

/** For operators. */
@ApiTags('Coupons')
@ApiBearerAuth()
@Controller('api/admin/coupons')
@RequireScope('operations')
export class CouponOperationsController {
  constructor(
    private readonly coupons: CouponService,
    private readonly repository: CouponRepository,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Make a coupon', description: 'Under a code that you give, or a made one.' })
  @ApiCreatedResponse({ standardSchema: couponSchema })
  @ApiConflictResponse({ description: '`coupon_code_taken`' })
  async create(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: createCouponSchema }) body: CreateCoupon,
  ): Promise<CouponAnswer> {
    return toCouponAnswer(await this.coupons.createCoupon(principal.userId, toCouponRequest(body)));
  }

  @Get()
  @ApiOperation({ summary: 'List coupons, the newest first' })
  @ApiOkResponse({ standardSchema: couponPageSchema })
  async list(@Query({ schema: pageQuerySchema }) query: PageQuery): Promise<CouponPage> {
    const before = query.cursor === undefined ? undefined : decodeCursor(query.cursor, idPosition)[0];
    const rows = await this.repository.list(before, query.limit + 1);
    return toPage(rows, query.limit, toCouponAnswer, (coupon) => [coupon.id]);
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a coupon' })
  @ApiOkResponse({ standardSchema: couponSchema })
  @ApiNotFoundResponse({ description: '`coupon_not_found`' })
  async read(@Param({ schema: idParamsSchema }) { id }: IdParams): Promise<CouponAnswer> {
    return toCouponAnswer(await this.coupons.findCoupon(id));
  }

  @Post(':id/disable')
  @HttpCode(200)
  @ApiOperation({
    summary: 'End a coupon at once',
    description: 'What was redeemed stays so. Doing it again changes nothing.',
  })
  @ApiOkResponse({ standardSchema: couponSchema })
  @ApiNotFoundResponse({ description: '`coupon_not_found`' })
  async disable(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: idParamsSchema }) { id }: IdParams,
  ): Promise<CouponAnswer> {
    return toCouponAnswer(await this.coupons.disableCoupon(principal.userId, id));
  }

  @Get(':id/redemptions')
  @ApiOperation({ summary: 'List who redeemed a coupon, the newest first' })
  @ApiOkResponse({ standardSchema: userRedemptionPageSchema })
  @ApiNotFoundResponse({ description: '`coupon_not_found`' })
  async listRedemptions(
    @Param({ schema: idParamsSchema }) { id }: IdParams,
    @Query({ schema: pageQuerySchema }) query: PageQuery,
  ): Promise<UserRedemptionPage> {
    const { id: couponId } = await this.coupons.findCoupon(id);
    const rows = await listRedemptions(this.repository, { couponId }, query);
    return toPage(rows, query.limit, toUserRedemptionAnswer, positionOf);
  }
}

function listRedemptions(
  repository: CouponRepository,
  of: { couponId: string } | { userId: string },
  { cursor, limit }: PageQuery,
): Promise<Redemption[]> {
  const position = cursor === undefined ? undefined : decodeCursor(cursor, timePosition);
  const before = position && { createdAt: new Date(position[0]), id: position[1] };
  return repository.listRedemptions(of, before, limit + 1);
}

function positionOf({ createdAt, id }: Redemption): string[] {
  return [createdAt.toISOString(), id];
}

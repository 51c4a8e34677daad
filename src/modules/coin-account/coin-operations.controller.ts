import { Body, Controller, Get, Headers, HttpCode, Logger, Param, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import {
  CurrentPrincipal,
  type Principal,
  RequireScope,
  readIdempotencyKey,
} from '../../platform/http/index.js';
import { formatCoins, type MicroCoins } from '../../shared/money.js';
import { type AuditEvent, AuditLog } from '../audit/index.js';
import { UserService } from '../auth/index.js';
import { amountZero } from './coin-account.errors.js';
import { CoinAccountService } from './coin-account.service.js';
import { CoinHistoryService } from './coin-history.service.js';
import {
  accountParamsSchema,
  accountSchema,
  blockSchema,
  grantResultSchema,
  grantSchema,
  holdParamsSchema,
  holdReleaseSchema,
  penaltyResultSchema,
  penaltySchema,
  readAmount,
  toAccountAnswer,
  toGrantAnswer,
  toPenaltyAnswer,
} from './dto/coin-account.dto.js';
import type {
  AccountAnswer,
  AccountParams,
  Block,
  Grant,
  GrantAnswer,
  HoldParams,
  HoldRelease,
  Penalty,
  PenaltyAnswer,
} from './dto/coin-account.dto.js';
import {
  actedJournalPageSchema,
  holdPageSchema,
  holdSchema,
  holdsQuerySchema,
  journalQuerySchema,
  toActedJournalPageAnswer,
  toHoldAnswer,
  toHoldPageAnswer,
  toHoldsRequest,
  toJournalRequest,
} from './dto/coin-history.dto.js';
import type {
  ActedJournalPageAnswer,
  HoldAnswer,
  HoldPageAnswer,
  HoldsQuery,
  JournalQuery,
} from './dto/coin-history.dto.js';
import { ApiKeyedOperation } from './dto/keyed-operation.js';
import { InFlightOperations } from './in-flight-operations.js';

/** What operators see and do with the coins of others. Each act leaves a journal entry and one in the audit log. */
@ApiTags('Coins')
@ApiBearerAuth()
@Controller('api/coins/accounts/:user_id')
@RequireScope('operations')
@ApiNotFoundResponse({ description: '`user_not_found`' })
export class CoinOperationsController {
  private readonly logger = new Logger('Coins');

  constructor(
    private readonly coinAccounts: CoinAccountService,
    private readonly history: CoinHistoryService,
    private readonly users: UserService,
    private readonly inFlight: InFlightOperations,
    private readonly auditLog: AuditLog,
  ) {}

  @Get()
  @ApiOperation({ summary: "Read any user's account" })
  @ApiOkResponse({ standardSchema: accountSchema })
  async readAccount(@Param({ schema: accountParamsSchema }) params: AccountParams): Promise<AccountAnswer> {
    await this.users.findUser(params.user_id);
    return toAccountAnswer(await this.coinAccounts.accountOf(params.user_id));
  }

  @Get('journal')
  @ApiOperation({ summary: "Read any user's journal, the newest entry first" })
  @ApiOkResponse({ standardSchema: actedJournalPageSchema })
  async readJournal(
    @Param({ schema: accountParamsSchema }) params: AccountParams,
    @Query({ schema: journalQuerySchema }) query: JournalQuery,
  ): Promise<ActedJournalPageAnswer> {
    const request = { accountId: params.user_id, ...toJournalRequest(query) };
    await this.users.findUser(params.user_id);
    return toActedJournalPageAnswer(await this.history.journalOf(request));
  }

  @Get('holds')
  @ApiOperation({ summary: "Read any user's holds, the newest first" })
  @ApiOkResponse({ standardSchema: holdPageSchema })
  async readHolds(
    @Param({ schema: accountParamsSchema }) params: AccountParams,
    @Query({ schema: holdsQuerySchema }) query: HoldsQuery,
  ): Promise<HoldPageAnswer> {
    const request = { accountId: params.user_id, ...toHoldsRequest(query) };
    await this.users.findUser(params.user_id);
    return toHoldPageAnswer(await this.history.holdsOf(request));
  }

  @Post('grants')
  @HttpCode(200)
  @ApiKeyedOperation({
    summary: 'Give coins to a user',
    description: 'A debt is paid first.',
    example: 'order-2027-0117',
  })
  @ApiOkResponse({ standardSchema: grantResultSchema })
  @ApiUnprocessableEntityResponse({
    description:
      '`idempotency_key_reused`, `idempotency_key_invalid`, `balance_overflow`, `amount_zero`, ' +
      '`amount_negative`, `amount_too_large`, `amount_too_many_decimals`, `amount_not_a_decimal`',
  })
  async grant(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: accountParamsSchema }) params: AccountParams,
    @Body({ schema: grantSchema }) body: Grant,
    @Headers('idempotency-key') header?: string,
  ): Promise<GrantAnswer> {
    const accountId = params.user_id;
    const { reason, note } = body;
    const amount = readAmount(body.amount, 'amount');
    const result = await this.runOnce(accountId, header, (idempotencyKey) =>
      this.coinAccounts.grantCoins({
        accountId,
        amount,
        reason,
        note,
        actor: principal.userId,
        idempotencyKey,
      }),
    );
    await this.audit('coins.granted', principal, accountId, { reason, amount: formatCoins(amount) });
    return toGrantAnswer(accountId, result);
  }

  @Post('penalties')
  @HttpCode(200)
  @ApiKeyedOperation({
    summary: 'Take coins from a user',
    description:
      'With `hold_id`, what it holds is given back first, in the same transaction. What the account cannot pay ' +
      'becomes a debt, and nothing can be held until that is paid.',
    example: 'chargeback-2027-0117',
  })
  @ApiOkResponse({ standardSchema: penaltyResultSchema })
  @ApiNotFoundResponse({ description: '`user_not_found`, `hold_not_found`' })
  @ApiUnprocessableEntityResponse({
    description:
      '`idempotency_key_reused`, `idempotency_key_invalid`, `balance_overflow`, `amount_zero`, ' +
      '`amount_negative`, `amount_too_large`, `amount_too_many_decimals`, `amount_not_a_decimal`',
  })
  async penalize(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: accountParamsSchema }) params: AccountParams,
    @Body({ schema: penaltySchema }) body: Penalty,
    @Headers('idempotency-key') header?: string,
  ): Promise<PenaltyAnswer> {
    const accountId = params.user_id;
    const { reason, note, hold_id: holdId } = body;
    const amount = readPenalty(body.amount);
    const result = await this.runOnce(accountId, header, (idempotencyKey) =>
      this.coinAccounts.penalizeViolation({
        accountId,
        holdId,
        amount,
        reason,
        note,
        actor: principal.userId,
        idempotencyKey,
      }),
    );
    await this.audit('coins.penalty_charged', principal, accountId, { reason, amount: formatCoins(amount) });
    return toPenaltyAnswer(accountId, result);
  }

  @Post('holds/:hold_id/release')
  @HttpCode(200)
  @ApiKeyedOperation({
    summary: 'Give back what a stuck hold holds',
    description: 'A turn that still runs under it goes on, and costs nothing.',
    example: 'release-2027-0117',
  })
  @ApiOkResponse({ standardSchema: holdSchema })
  @ApiNotFoundResponse({ description: '`user_not_found`, `hold_not_found`' })
  @ApiUnprocessableEntityResponse({ description: '`idempotency_key_reused`, `idempotency_key_invalid`' })
  async release(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: holdParamsSchema }) params: HoldParams,
    @Body({ schema: holdReleaseSchema }) { note }: HoldRelease,
    @Headers('idempotency-key') header?: string,
  ): Promise<HoldAnswer> {
    const { user_id: accountId, hold_id: holdId } = params;
    const hold = await this.runOnce(accountId, header, (idempotencyKey) =>
      this.coinAccounts.releaseStuckHold({
        accountId,
        holdId,
        note,
        actor: principal.userId,
        idempotencyKey,
      }),
    );
    await this.audit('coins.hold_released', principal, accountId, { hold_id: holdId });
    return toHoldAnswer(hold);
  }

  @Post('block')
  @HttpCode(200)
  @ApiOperation({
    summary: "Bar a user's account from spending",
    description:
      'It is refused new holds with `account_blocked`. What is held already is settled, grants and penalties are ' +
      'taken. Blocking a blocked account changes nothing.',
  })
  @ApiOkResponse({ standardSchema: accountSchema })
  block(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: accountParamsSchema }) params: AccountParams,
    @Body({ schema: blockSchema }) { note }: Block,
  ): Promise<AccountAnswer> {
    return this.setBlocked(principal, params.user_id, true, note);
  }

  @Post('unblock')
  @HttpCode(200)
  @ApiOperation({ summary: "Let a user's account spend again" })
  @ApiOkResponse({ standardSchema: accountSchema })
  unblock(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: accountParamsSchema }) params: AccountParams,
    @Body({ schema: blockSchema }) { note }: Block,
  ): Promise<AccountAnswer> {
    return this.setBlocked(principal, params.user_id, false, note);
  }

  private async setBlocked(
    principal: Principal,
    accountId: string,
    isBlocked: boolean,
    note: string,
  ): Promise<AccountAnswer> {
    await this.users.findUser(accountId);
    await this.coinAccounts.setBlocked({ accountId, isBlocked, actor: principal.userId, note });
    const action = isBlocked ? 'coins.account_blocked' : 'coins.account_unblocked';
    await this.audit(action, principal, accountId, {});
    return toAccountAnswer(await this.coinAccounts.accountOf(accountId));
  }

  /** Coins given to, or taken from, a mistyped id would be nobody's. */
  private async runOnce<T>(
    accountId: string,
    header: string | undefined,
    work: (idempotencyKey: string) => Promise<T>,
  ): Promise<T> {
    const idempotencyKey = readIdempotencyKey(header);
    await this.users.findUser(accountId);
    return this.inFlight.run(accountId, idempotencyKey, () => work(idempotencyKey));
  }

  /** Written down after the deed, whose journal entry names the operator too; a repeated call is written down again. */
  private async audit(
    action: AuditEvent['action'],
    { userId }: Principal,
    accountId: string,
    detail: NonNullable<AuditEvent['detail']>,
  ): Promise<void> {
    this.logger.log(action, { account_id: accountId, actor_id: userId, ...detail });
    const actor = { kind: 'operator', id: userId } as const;
    await this.auditLog.record({ actor, action, subjectKind: 'user', subjectId: accountId, detail });
  }
}

function readPenalty(text: string): MicroCoins {
  const amount = readAmount(text, 'amount');
  if (amount === 0n) throw amountZero({ param: 'amount' });
  return amount;
}

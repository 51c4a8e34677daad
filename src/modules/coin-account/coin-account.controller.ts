import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import { z } from 'zod';
import {
  CurrentPrincipal,
  decodeCursor,
  encodeCursor,
  type Principal,
  RequireScope,
} from '../../platform/http/index.js';
import { UserService } from '../auth/index.js';
import { CoinAccountService } from './coin-account.service.js';
import {
  accountParamsSchema,
  accountSchema,
  grantResultSchema,
  grantSchema,
  journalPageSchema,
  journalQuerySchema,
  readAmount,
  toAccountAnswer,
  toEntryAnswer,
  toGrantAnswer,
} from './dto/coin-account.dto.js';
import type {
  AccountAnswer,
  AccountParams,
  Grant,
  GrantAnswer,
  JournalQuery,
} from './dto/coin-account.dto.js';
import { readIdempotencyKey } from './dto/idempotency-key.js';

const journalPosition = z.tuple([z.int().min(1)]);

/** Coins over HTTP. Amounts are decimal strings of coins. */
@ApiTags('Coins')
@ApiBearerAuth()
@Controller('api/coins')
export class CoinAccountController {
  constructor(
    private readonly coinAccounts: CoinAccountService,
    private readonly users: UserService,
  ) {}

  @Get('account')
  @RequireScope('coins:read')
  @ApiOperation({ summary: 'Read your own account' })
  @ApiOkResponse({ standardSchema: accountSchema })
  async readOwn(@CurrentPrincipal() principal: Principal): Promise<AccountAnswer> {
    return toAccountAnswer(await this.coinAccounts.accountOf(principal.userId));
  }

  @Get('journal')
  @RequireScope('coins:read')
  @ApiOperation({
    summary: 'Read your own journal, the newest entry first',
    description: 'Every change of the account. The balances are the sums of the entries.',
  })
  @ApiOkResponse({ standardSchema: journalPageSchema })
  async readOwnJournal(
    @CurrentPrincipal() principal: Principal,
    @Query({ schema: journalQuerySchema }) { cursor, limit }: JournalQuery,
  ): Promise<z.infer<typeof journalPageSchema>> {
    const beforeSequence = cursor === undefined ? undefined : decodeCursor(cursor, journalPosition)[0];
    const page = await this.coinAccounts.journalOf({ accountId: principal.userId, beforeSequence, limit });
    const last = page.entries.at(-1);
    return {
      items: page.entries.map(toEntryAnswer),
      next_cursor: page.hasMore && last ? encodeCursor([last.sequence]) : null,
    };
  }

  @Get('accounts/:user_id')
  @RequireScope('operations')
  @ApiOperation({ summary: "Read any user's account" })
  @ApiOkResponse({ standardSchema: accountSchema })
  @ApiNotFoundResponse({ description: '`user_not_found`' })
  async readAccount(@Param({ schema: accountParamsSchema }) params: AccountParams): Promise<AccountAnswer> {
    await this.users.findUser(params.user_id);
    return toAccountAnswer(await this.coinAccounts.accountOf(params.user_id));
  }

  @Post('accounts/:user_id/grants')
  @HttpCode(200)
  @RequireScope('operations')
  @ApiOperation({
    summary: 'Give coins to a user',
    description:
      'A debt is paid first. Sent again with the same key and the same content, it acts once and gives the ' +
      'first answer again; with other content it is refused.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: true,
    description: 'Made by you for this grant: up to 255 printable ASCII characters, bare or quoted.',
    schema: { type: 'string', maxLength: 255 },
    example: 'order-2027-0117',
  })
  @ApiOkResponse({ standardSchema: grantResultSchema })
  @ApiBadRequestResponse({ description: '`idempotency_key_missing`' })
  @ApiNotFoundResponse({ description: '`user_not_found`' })
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
    const idempotencyKey = readIdempotencyKey(header);
    const amount = readAmount(body.amount, 'amount');
    // Coins given to a mistyped id would be nobody's.
    await this.users.findUser(accountId);
    const { reason, note } = body;
    const result = await this.coinAccounts.grantCoins({
      accountId,
      amount,
      reason,
      note,
      actor: principal.userId,
      idempotencyKey,
    });
    return toGrantAnswer(accountId, result);
  }
}

import { Controller, Get, Query, Res, StreamableFile } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { CurrentPrincipal, type Principal, RequireScope } from '../../platform/http/index.js';
import { CoinAccountService } from './coin-account.service.js';
import { CoinHistoryService } from './coin-history.service.js';
import { type AccountAnswer, accountSchema, toAccountAnswer } from './dto/coin-account.dto.js';
import {
  type HoldPageAnswer,
  holdPageSchema,
  holdsQuerySchema,
  type JournalPageAnswer,
  journalPageSchema,
  journalQuerySchema,
  statementQuerySchema,
  toHoldPageAnswer,
  toHoldsRequest,
  toJournalPageAnswer,
  toJournalRequest,
  toPeriod,
} from './dto/coin-history.dto.js';
import type { HoldsQuery, JournalQuery, StatementQuery } from './dto/coin-history.dto.js';
import { statementCsv } from './dto/statement-csv.js';

/** What users see of their coins. Amounts are decimal strings of coins. */
@ApiTags('Coins')
@ApiBearerAuth()
@Controller('api/coins')
@RequireScope('coins:read')
export class CoinAccountController {
  constructor(
    private readonly coinAccounts: CoinAccountService,
    private readonly history: CoinHistoryService,
  ) {}

  @Get('account')
  @ApiOperation({ summary: 'Read your own account' })
  @ApiOkResponse({ standardSchema: accountSchema })
  async readOwn(@CurrentPrincipal() principal: Principal): Promise<AccountAnswer> {
    return toAccountAnswer(await this.coinAccounts.accountOf(principal.userId));
  }

  @Get('journal')
  @ApiOperation({
    summary: 'Read your own journal, the newest entry first',
    description: 'Every change of the account. The balances are the sums of the entries.',
  })
  @ApiOkResponse({ standardSchema: journalPageSchema })
  async readOwnJournal(
    @CurrentPrincipal() principal: Principal,
    @Query({ schema: journalQuerySchema }) query: JournalQuery,
  ): Promise<JournalPageAnswer> {
    const request = { accountId: principal.userId, ...toJournalRequest(query) };
    return toJournalPageAnswer(await this.history.journalOf(request));
  }

  @Get('holds')
  @ApiOperation({
    summary: 'Read your own holds, the newest first',
    description: 'What was frozen for each turn, and what it cost in the end.',
  })
  @ApiOkResponse({ standardSchema: holdPageSchema })
  async readOwnHolds(
    @CurrentPrincipal() principal: Principal,
    @Query({ schema: holdsQuerySchema }) query: HoldsQuery,
  ): Promise<HoldPageAnswer> {
    const request = { accountId: principal.userId, ...toHoldsRequest(query) };
    return toHoldPageAnswer(await this.history.holdsOf(request));
  }

  @Get('statement.csv')
  @ApiOperation({
    summary: 'Download your own journal of a period',
    description:
      'CSV for spreadsheets (UTF-8 with a byte order mark), the oldest entry first, at most 50,000. A text that a ' +
      'spreadsheet would take for a formula begins with an apostrophe.',
  })
  @ApiProduces('text/csv')
  @ApiOkResponse({
    content: {
      'text/csv': {
        schema: { type: 'string' },
        example:
          'sequence,created_at,kind,balance_delta,…\r\n1,2027-01-17T09:30:00.000Z,grant,100.000000,…\r\n',
      },
    },
  })
  @ApiUnprocessableEntityResponse({ description: '`statement_too_long`, `invalid_request`' })
  async readOwnStatement(
    @CurrentPrincipal() principal: Principal,
    @Query({ schema: statementQuerySchema }) query: StatementQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const entries = await this.history.statementOf(principal.userId, toPeriod(query));
    reply.header('cache-control', 'no-store');
    return new StreamableFile(Readable.from(statementCsv(entries)), {
      type: 'text/csv; charset=utf-8',
      disposition: 'attachment; filename="coin-statement.csv"',
    });
  }
}

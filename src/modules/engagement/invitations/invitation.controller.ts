import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiForbiddenResponse,
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
  RequireScope,
} from '../../../platform/http/index.js';
import {
  idParamsSchema,
  idPosition,
  pageQuerySchema,
  toPage,
  type IdParams,
  type PageQuery,
} from '../page.dto.js';
import {
  invitationCodePageSchema,
  invitationCodeSchema,
  invitationUseSchema,
  toInvitationCodeAnswer,
  toInvitationUseAnswer,
  useInvitationCodeSchema,
} from './invitation.dto.js';
import type {
  InvitationCodeAnswer,
  InvitationCodePage,
  InvitationUseAnswer,
  UseInvitationCode,
} from './invitation.dto.js';
import { InvitationRepository } from './invitation.repository.js';
import { InvitationService } from './invitation.service.js';

/** For users: those who invite, and those who were invited. */
@ApiTags('Invitations')
@ApiBearerAuth()
@Controller('api/invitations')
@RequireScope('engagement')
export class InvitationController {
  constructor(
    private readonly invitations: InvitationService,
    private readonly repository: InvitationRepository,
  ) {}

  @Post('codes')
  @ApiOperation({
    summary: 'Make an invitation code',
    description: 'It keeps the rewards that it was made with.',
  })
  @ApiCreatedResponse({ standardSchema: invitationCodeSchema })
  @ApiConflictResponse({ description: '`too_many_invitation_codes`' })
  async create(@CurrentPrincipal() principal: Principal): Promise<InvitationCodeAnswer> {
    return toInvitationCodeAnswer(await this.invitations.createCode(principal.userId));
  }

  @Get('codes')
  @ApiOperation({ summary: 'List your invitation codes, the newest first' })
  @ApiOkResponse({ standardSchema: invitationCodePageSchema })
  async list(
    @CurrentPrincipal() principal: Principal,
    @Query({ schema: pageQuerySchema }) query: PageQuery,
  ): Promise<InvitationCodePage> {
    const before = query.cursor === undefined ? undefined : decodeCursor(query.cursor, idPosition)[0];
    const rows = await this.repository.list(principal.userId, before, query.limit + 1);
    return toPage(rows, query.limit, toInvitationCodeAnswer, (code) => [code.id]);
  }

  @Post('codes/:id/disable')
  @HttpCode(200)
  @ApiOperation({
    summary: 'End an invitation code of yours at once',
    description: 'Doing it again changes nothing.',
  })
  @ApiOkResponse({ standardSchema: invitationCodeSchema })
  @ApiNotFoundResponse({ description: '`invitation_code_not_found`' })
  async disable(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: idParamsSchema }) { id }: IdParams,
  ): Promise<InvitationCodeAnswer> {
    return toInvitationCodeAnswer(await this.invitations.disableCode(principal.userId, id));
  }

  @Post('uses')
  @HttpCode(200)
  @ApiOperation({
    summary: "Use somebody's invitation code",
    description:
      'For new accounts, once. Both sides get the rewards of the code. The same code again gives the first answer.',
  })
  @ApiOkResponse({ standardSchema: invitationUseSchema })
  @ApiNotFoundResponse({
    description: '`invitation_code_not_usable`: no such code, or used up, over or disabled',
  })
  @ApiConflictResponse({ description: '`own_invitation_code`, `already_invited`' })
  @ApiForbiddenResponse({ description: '`account_too_old`, `scope_missing`' })
  @ApiTooManyRequestsResponse({ description: '`too_many_code_attempts`, with `Retry-After`' })
  async use(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: useInvitationCodeSchema }) body: UseInvitationCode,
  ): Promise<InvitationUseAnswer> {
    return toInvitationUseAnswer(await this.invitations.useCode(principal.userId, body.code));
  }
}

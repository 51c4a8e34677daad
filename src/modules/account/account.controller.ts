import { Body, Controller, Delete, HttpCode, HttpStatus, Ip, Param } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiForbiddenResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOperation,
  ApiTags,
  ApiTooManyRequestsResponse,
} from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, RequireScope } from '../../platform/http/index.js';
import { SessionService } from '../auth/index.js';
import { AccountErasure } from './account-erasure.service.js';
import {
  type EraseAccount,
  eraseAccountSchema,
  type EraseUser,
  eraseUserSchema,
  type UserParams,
  userParamsSchema,
} from './dto/account-erasure.dto.js';

const WHAT_IS_ERASED =
  'For good. Once this is answered no token or key of the user is good, nobody can reach the conversations, and the ' +
  'address can be used for a new account. A worker then erases conversations, sessions and keys. What stays are the ' +
  'amounts in the coin journal, under the id of the user, which names nobody any more, and the audit log.';

/** For users, about themselves. */
@ApiTags('Your account')
@Controller('api/account')
export class AccountController {
  constructor(
    private readonly sessions: SessionService,
    private readonly erasure: AccountErasure,
  ) {}

  @Delete()
  @HttpCode(HttpStatus.NO_CONTENT)
  @RequireScope('account')
  @ApiOperation({ summary: 'Erase your account with all that is yours', description: WHAT_IS_ERASED })
  @ApiNoContentResponse()
  @ApiForbiddenResponse({ description: '`current_password_wrong`, `scope_missing`' })
  @ApiConflictResponse({ description: '`last_administrator`' })
  @ApiTooManyRequestsResponse({ description: '`too_many_attempts`, with `Retry-After`' })
  async erase(
    @Body({ schema: eraseAccountSchema }) { password }: EraseAccount,
    @CurrentPrincipal() principal: Principal,
    @Ip() address: string,
  ): Promise<void> {
    await this.sessions.confirmPassword(principal, password, address);
    await this.erasure.eraseUser({ kind: 'user', id: principal.userId }, principal.userId);
  }
}

/** For administrators, about others. */
@ApiTags('Users')
@Controller('api/admin/users')
export class UserErasureController {
  constructor(private readonly erasure: AccountErasure) {}

  @Delete(':id')
  @HttpCode(HttpStatus.NO_CONTENT)
  @RequireScope('administration')
  @ApiOperation({ summary: "Erase a user with all that is the user's", description: WHAT_IS_ERASED })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: '`user_not_found`, also if the user has been erased' })
  @ApiConflictResponse({ description: '`last_administrator`' })
  async erase(
    @Param({ schema: userParamsSchema }) { id }: UserParams,
    @Body({ schema: eraseUserSchema }) body: EraseUser,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    const kind = principal.userId === id ? 'user' : 'operator';
    const { reason, reference } = body;
    const detail = { reason, ...(reference === undefined ? {} : { reference }) };
    await this.erasure.eraseUser({ kind, id: principal.userId }, id, detail);
  }
}

import { Body, Controller, Get, HttpCode, HttpStatus, Ip, Post } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiForbiddenResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, Public, RequireScope } from '../../platform/http/index.js';
import {
  type ChangePassword,
  changePasswordSchema,
  type Me,
  meSchema,
  type Refresh,
  refreshSchema,
  type SessionAnswer,
  sessionSchema,
  type SignIn,
  signInSchema,
  type SignUp,
  signUpSchema,
  toSessionAnswer,
} from './dto/auth.dto.js';
import { toUserAnswer, type UserAnswer, userSchema } from './dto/user.dto.js';
import { SessionService } from './session.service.js';
import { UserService } from './user.service.js';

/** Signing in and out. */
@ApiTags('Signing in')
@Controller('api/auth')
export class AuthController {
  constructor(
    private readonly sessions: SessionService,
    private readonly users: UserService,
  ) {}

  @Post('sign-up')
  @Public()
  @ApiOperation({ summary: 'Make an account', description: 'Only where LOCKKEEPER_SIGN_UP_OPEN is true.' })
  @ApiCreatedResponse({ standardSchema: userSchema })
  @ApiForbiddenResponse({ description: '`sign_up_closed`' })
  @ApiConflictResponse({ description: '`email_taken`' })
  @ApiTooManyRequestsResponse({ description: '`too_many_attempts`' })
  async signUp(@Body({ schema: signUpSchema }) body: SignUp, @Ip() address: string): Promise<UserAnswer> {
    return toUserAnswer(await this.users.signUp(body.email, body.password, address));
  }

  @Post('sign-in')
  @Public()
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Open a session', description: 'Gives an access token and a refresh token.' })
  @ApiOkResponse({ standardSchema: sessionSchema })
  @ApiUnauthorizedResponse({ description: '`credentials_invalid`' })
  @ApiTooManyRequestsResponse({ description: '`too_many_attempts`, with `Retry-After`' })
  async signIn(@Body({ schema: signInSchema }) body: SignIn, @Ip() address: string): Promise<SessionAnswer> {
    return toSessionAnswer(await this.sessions.signIn(body.email, body.password, address));
  }

  @Post('refresh')
  @Public()
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Get new tokens',
    description: 'A refresh token is good for one use. If it is used again, the whole session ends.',
  })
  @ApiOkResponse({ standardSchema: sessionSchema })
  @ApiUnauthorizedResponse({ description: '`refresh_token_invalid`, `refresh_token_reused`' })
  async refresh(
    @Body({ schema: refreshSchema }) body: Refresh,
    @Ip() address: string,
  ): Promise<SessionAnswer> {
    return toSessionAnswer(await this.sessions.refresh(body.refresh_token, address));
  }

  @Post('sign-out')
  @RequireScope('account')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'End this session', description: 'All its tokens are refused from then on.' })
  @ApiNoContentResponse()
  async signOut(@CurrentPrincipal() principal: Principal): Promise<void> {
    await this.sessions.signOut(principal);
  }

  @Post('change-password')
  @RequireScope('account')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiBearerAuth()
  @ApiOperation({
    summary: 'Change your password',
    description: 'Ends all of your sessions, this one too. API keys stay good.',
  })
  @ApiNoContentResponse()
  @ApiForbiddenResponse({ description: '`current_password_wrong`' })
  @ApiTooManyRequestsResponse({ description: '`too_many_attempts`, with `Retry-After`' })
  async changePassword(
    @Body({ schema: changePasswordSchema }) body: ChangePassword,
    @CurrentPrincipal() principal: Principal,
    @Ip() address: string,
  ): Promise<void> {
    await this.sessions.changePassword(principal, body.current_password, body.new_password, address);
  }

  @Get('me')
  @RequireScope('account')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'See who you are', description: 'Your account, and what you may do.' })
  @ApiOkResponse({ standardSchema: meSchema })
  async me(@CurrentPrincipal() principal: Principal): Promise<Me> {
    const user = await this.users.findUser(principal.userId);
    return { user: toUserAnswer(user), scopes: [...principal.scopes] };
  }
}
